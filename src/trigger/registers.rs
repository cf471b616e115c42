//! The registers by which a stopped process is made to do a call. The only place that knows the machine it is built for.

use nix::errno::Errno;
use nix::sys::ptrace;
use nix::unistd::Pid;

use super::Entry;

/// Makes a stopped process, that has just done a system call, do another one when it goes on.
///
/// # Errors
/// What the kernel answers; `ENOSYS` on machines where this is not known.
#[cfg(target_arch = "x86_64")]
pub fn prepare(process: Pid, entry: Entry, number: u32, arguments: [u64; 6]) -> Result<(), Errno> {
    let mut registers = ptrace::getregs(process)?;
    // The instruction `syscall` has two bytes, and so has `int 0x80`.
    registers.rip -= 2;
    registers.rax = number.into();
    // No call that the kernel would begin again.
    registers.orig_rax = u64::MAX;
    let [first, second, third, fourth, fifth, sixth] = arguments;
    match entry {
        Entry::Native => {
            (registers.rdi, registers.rsi, registers.rdx) = (first, second, third);
            (registers.r10, registers.r8, registers.r9) = (fourth, fifth, sixth);
        }
        Entry::Compat => {
            (registers.rbx, registers.rcx, registers.rdx) = (first, second, third);
            (registers.rsi, registers.rdi, registers.rbp) = (fourth, fifth, sixth);
            let code = registers.rip as *mut nix::libc::c_void;
            let before = ptrace::read(process, code)?;
            ptrace::write(process, code, before & !0xffff | 0x80cd)?;
        }
    }
    ptrace::setregs(process, registers)
}

/// What the call of a process returned that has stopped behind it.
///
/// # Errors
/// What the kernel answers.
#[cfg(target_arch = "x86_64")]
pub fn returned(process: Pid) -> Result<i64, Errno> {
    let registers = ptrace::getregs(process)?;
    Ok(i64::from_ne_bytes(registers.rax.to_ne_bytes()))
}

/// Makes a stopped process, that has just done a system call, do another one when it goes on.
///
/// # Errors
/// What the kernel answers; `ENOSYS` for calls of 32 bit, which need another kind of process here.
#[cfg(target_arch = "aarch64")]
pub fn prepare(process: Pid, entry: Entry, number: u32, arguments: [u64; 6]) -> Result<(), Errno> {
    if entry == Entry::Compat {
        return Err(Errno::ENOSYS);
    }
    let mut registers = ptrace::getregs(process)?;
    // The instruction `svc` has four bytes.
    registers.pc -= 4;
    registers.regs[8] = number.into();
    for (register, argument) in registers.regs.iter_mut().zip(arguments) {
        *register = argument;
    }
    ptrace::setregs(process, registers)
}

/// What the call of a process returned that has stopped behind it.
///
/// # Errors
/// What the kernel answers.
#[cfg(target_arch = "aarch64")]
pub fn returned(process: Pid) -> Result<i64, Errno> {
    let registers = ptrace::getregs(process)?;
    Ok(i64::from_ne_bytes(registers.regs[0].to_ne_bytes()))
}

/// Nothing is known of this machine.
///
/// # Errors
/// `ENOSYS`.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn prepare(_: Pid, _: Entry, _: u32, _: [u64; 6]) -> Result<(), Errno> {
    Err(Errno::ENOSYS)
}

/// Nothing is known of this machine.
///
/// # Errors
/// `ENOSYS`.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn returned(_: Pid) -> Result<i64, Errno> {
    Err(Errno::ENOSYS)
}
