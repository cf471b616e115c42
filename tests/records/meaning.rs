//! What the numbers in records mean.

use audit_rules::records::interpret::{argument, capability_set, error_name, mode, permissions};
use audit_rules::records::{Arguments, Assembler, Record, SocketAddress, UnixName, from_hexadecimal};
use audit_rules::rule::Arch;

#[test]
fn an_exit_below_zero_has_the_name_of_its_error() {
    for (exit, name) in [(-13, "EACCES"), (-1, "EPERM"), (-2, "ENOENT"), (-115, "EINPROGRESS"), (-512, "ERESTARTSYS")] {
        assert_eq!(error_name(exit), Some(name));
    }
    for exit in [0, 3, -4096, i64::MIN, i64::MAX] {
        assert_eq!(error_name(exit), None, "{exit}");
    }
}

#[test]
fn arguments_that_are_well_known_are_said_in_words() {
    let arch = Arch::X86_64;
    for (call, at, value, words) in [
        ("openat", 2, 0, "O_RDONLY"),
        ("openat", 2, 0o1101, "O_WRONLY|O_CREAT|O_TRUNC"),
        ("open", 1, 0o2_000_002, "O_RDWR|O_CLOEXEC"),
        ("open", 1, 0o200_000, "O_RDONLY|O_DIRECTORY"),
        ("open", 1, 0x4000_0001, "O_WRONLY|0x40000000"),
        ("fchmodat", 2, 0o4755, "04755"),
        ("chmod", 1, 0o600, "0600"),
        ("mknodat", 2, 0o060_640, "block 0640"),
        ("kill", 1, 9, "SIGKILL"),
        ("kill", 1, 0, "0"),
        // The upper half of a register is not the call's.
        ("tgkill", 2, 0xffff_ffff_0000_000f, "SIGTERM"),
    ] {
        assert_eq!(argument(arch, call, at, value).as_deref(), Some(words), "{call} {value:#x}");
    }
    assert_eq!(argument(arch, "openat", 1, 0o1101), None);
    assert_eq!(argument(arch, "kill", 1, 4000), None);
}

#[test]
fn flags_of_opening_have_the_bits_of_their_machine() {
    let directory = |arch, bits| argument(arch, "openat", 2, bits).unwrap();
    assert_eq!(directory(Arch::AARCH64, 0o40_000), "O_RDONLY|O_DIRECTORY");
    assert_eq!(directory(Arch::X86_64, 0o40_000), "O_RDONLY|O_DIRECT");
    assert_eq!(directory(Arch::PPC64LE, 0o200_000), "O_RDONLY|O_LARGEFILE");
    assert_eq!(directory(Arch::S390X, 0o400_000), "O_RDONLY|O_NOFOLLOW");
}

#[test]
fn modes_permissions_and_capabilities_are_said_in_words() {
    assert_eq!(
        ["file 0644", "dir 01777", "0600"],
        [mode(0o100_644), mode(0o041_777), mode(0o600)].map(|mode| mode).each_ref().map(String::as_str)
    );
    assert_eq!((permissions(15), permissions(4), permissions(0)), ("rwxa".to_owned(), "r".to_owned(), String::new()));
    assert_eq!(capability_set(0), "none");
    assert_eq!(capability_set(1 << 21 | 1 << 1), "dac_override,sys_admin");
    assert_eq!(capability_set(1 << 40 | 1 << 63), "checkpoint_restore");
}

#[test]
fn a_socket_address_is_decoded_in_the_byte_order_of_its_machine() {
    let read = |text: &str| SocketAddress::read(&from_hexadecimal(text.as_bytes()).unwrap());
    for (bytes, family, words) in [
        ("02000016C00002070000000000000000", "inet", "192.0.2.7:22"),
        ("00020016C00002070000000000000000", "inet", "192.0.2.7:22"),
        ("0A00005000000000200", "", ""),
        ("0A0000500000000020010DB800000000000000000000000100000000", "inet6", "[2001:db8::1]:80"),
        ("01002F72756E2F6100", "unix", "/run/a"),
        ("0100002F746D702F6B", "unix", "@/tmp/k"),
        ("0100", "unix", "unix"),
        ("100000000000000000000000", "netlink", "netlink"),
        ("1100030000000000", "packet", "packet"),
        // Too short for what its family needs.
        ("02000016C000", "inet", "inet"),
        ("FF00", "255", "255"),
    ] {
        if family.is_empty() {
            assert_eq!(from_hexadecimal(bytes.as_bytes()), None);
            continue;
        }
        let address = read(bytes).unwrap();
        assert_eq!((address.family_name().as_str(), address.to_string().as_str()), (family, words), "{bytes}");
    }
    assert_eq!(SocketAddress::read(&[2]), None);
    assert_eq!(read("0100004100"), Some(SocketAddress::Unix(UnixName::Abstract(b"A\0".to_vec()))));
    assert_eq!(read("10000000D204000001000000"), Some(SocketAddress::Netlink { port: 1234, groups: 1 }));
}

/// The arguments of one event with these EXECVE records.
fn arguments(bodies: &[&str]) -> Option<Arguments> {
    let mut assembler = Assembler::new();
    for body in bodies {
        let line = format!("type=EXECVE msg=audit(7.000:7): {body}");
        assembler.add(&Record::of_line(line.as_bytes()).unwrap());
    }
    assembler.add(&Record::of_line(b"type=CWD msg=audit(7.000:7): cwd=\"/\"").unwrap());
    assembler.finish();
    Arguments::of(&assembler.next_event().unwrap())
}

#[test]
fn arguments_are_put_together_over_parts_and_records() {
    let line = |bodies: &[&str]| String::from_utf8(arguments(bodies).unwrap().line()).unwrap();
    assert_eq!(line(&["argc=3 a0=\"ls\" a1=\"-l\" a2=2F6120622F"]), "ls -l /a b/");
    assert_eq!(line(&["argc=2 a0=\"echo\" a1_len=6 a1[0]=6162", "a1[1]=6364 a1[2]=6566"]), "echo abcdef");
    assert_eq!(arguments(&[]), None);
    let with_hole = arguments(&["argc=9 a0=\"x\"", "a7=\"y\""]).unwrap();
    assert_eq!((with_hole.all, with_hole.is_cut), (vec![b"x".to_vec()], true));
    let long = format!("argc=1 a0_len=200000 a0[0]={}", "41".repeat(100_000));
    assert!(arguments(&[&long]).unwrap().is_cut);
}
