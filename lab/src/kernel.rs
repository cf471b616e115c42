//! Debian's kernels, unpacked so that a guest starts without unpacking them again.

use crate::apt::{Apt, Package};
use crate::cache::{self, Temporary};
use crate::command;
use crate::machine::Machine;
use crate::suite::Suite;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The newest kernel package of a suite.
///
/// # Errors
/// When the suite offers none.
pub fn newest(apt: &Apt, machine: &Machine) -> Result<Package, String> {
    let meta = machine.kernel_package;
    let control = apt.show(meta)?;
    let none = || format!("{meta} names no kernel");
    let (image, version) = control.dependency("linux-image-").ok_or_else(none)?;
    // From 7.x on, linux-image-V is empty and depends on linux-binary-V.
    let image_control = apt.show(image)?;
    let (name, version) = image_control.dependency("linux-binary-").unwrap_or((image, version));
    let mut found = apt.resolve(&[format!("{name}={version}")])?;
    found.pop().ok_or_else(none)
}

/// Unpacks a kernel package into the cache, unless it is there already, and gives the kernel's path.
///
/// # Errors
/// When it cannot be downloaded or holds no kernel.
pub fn unpack(apt: &Apt, package: &Package, suite: &Suite) -> Result<PathBuf, String> {
    let target = cache::directory()?.join("kernels").join(package.file.trim_end_matches(".deb"));
    if target.is_file() {
        return Ok(target);
    }
    if let Some(parent) = target.parent() {
        cache::make(parent)?;
    }
    eprintln!("lab: fetching {} for {}", package.file, suite.name);
    let tree = Temporary::directory()?;
    apt.unpack(std::slice::from_ref(package), &tree.0)?;
    let image = image_below(&tree.0).ok_or_else(|| format!("{} holds no kernel", package.file))?;
    let bytes = cache::read(&image)?;
    let kernel = match uncompressed(&bytes) {
        Ok(kernel) => kernel,
        Err(reason) => {
            // The packed kernel boots as well; it takes about a second longer.
            eprintln!("lab: {} stays compressed: {reason}", package.file);
            bytes
        }
    };
    cache::write(&target, &kernel)?;
    Ok(target)
}

/// The kernel among a package's files: in `/boot`, and from 7.x on beside its modules.
fn image_below(tree: &Path) -> Option<PathBuf> {
    let entries = |directory: PathBuf| fs::read_dir(directory).into_iter().flatten().flatten();
    let modules = ["lib/modules", "usr/lib/modules"].into_iter().flat_map(|path| entries(tree.join(path)));
    let mut directories = vec![tree.join("boot")];
    directories.extend(modules.map(|entry| entry.path()));
    let mut files = directories.into_iter().flat_map(entries);
    files.find(|entry| entry.file_name().to_string_lossy().starts_with("vmlinu")).map(|entry| entry.path())
}

/// Where a bzImage says its compressed kernel lies (Linux `Documentation/arch/x86/boot.rst`: `setup_sects` at 0x1f1,
/// `HdrS` at 0x202, `payload_offset` at 0x248 and `payload_length` at 0x24c, both from the end of the setup code).
fn packed_kernel(image: &[u8]) -> Option<&[u8]> {
    let word = |at: usize| -> Option<usize> {
        let bytes = image.get(at..at + 4)?;
        usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
    };
    if image.get(0x202..0x206)? != b"HdrS" {
        return None;
    }
    let setup_sectors = match *image.get(0x1f1)? {
        0 => 4,
        sectors => usize::from(sectors),
    };
    let start = (setup_sectors + 1) * 512 + word(0x248)?;
    image.get(start..start + word(0x24c)?)
}

struct Packer {
    magic: &'static [u8],
    program: &'static str,
    /// The kernel's build appends the size in four bytes; gzip has it in its own trailer.
    size_appended: bool,
}

const PACKERS: [Packer; 4] = [
    Packer { magic: b"\xfd7zXZ\0", program: "xz", size_appended: true },
    Packer { magic: b"\x28\xb5\x2f\xfd", program: "zstd", size_appended: true },
    Packer { magic: b"\x02\x21\x4c\x18", program: "lz4", size_appended: true },
    Packer { magic: b"\x1f\x8b", program: "gzip", size_appended: false },
];

fn uncompressed(image: &[u8]) -> Result<Vec<u8>, String> {
    // On arm64 the image itself may be a gzip file, or not packed at all.
    let bz_image = packed_kernel(image);
    let payload = bz_image.unwrap_or(image);
    let packer = match PACKERS.iter().find(|packer| payload.starts_with(packer.magic)) {
        Some(packer) => packer,
        None if bz_image.is_none() => return Ok(image.to_vec()),
        None => return Err("its packing is not known".to_owned()),
    };
    let stream = if packer.size_appended { &payload[..payload.len() - 4] } else { payload };
    command::find(packer.program).ok_or_else(|| format!("this host has no {}", packer.program))?;
    let mut child = Command::new(packer.program)
        .args(["-d", "-c", "-q"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot run {}: {error}", packer.program))?;
    let stdin = child.stdin.take();
    let output = std::thread::scope(|scope| {
        // A broken pipe here shows as a short output below.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(stream)));
        child.wait_with_output()
    })
    .map_err(|error| format!("cannot read from {}: {error}", packer.program))?;
    let kernel = output.stdout;
    let expected = payload.last_chunk::<4>().map(|size| u32::from_le_bytes(*size) as usize);
    if expected.is_some_and(|size| size != kernel.len()) {
        return Err(format!("{} gave {} bytes instead of {expected:?}", packer.program, kernel.len()));
    }
    Ok(kernel)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(packed: &[u8]) -> Vec<u8> {
        let mut image = vec![0; 1024];
        image[0x1f1] = 1;
        image[0x202..0x206].copy_from_slice(b"HdrS");
        image[0x248..0x24c].copy_from_slice(&16_u32.to_le_bytes());
        image[0x24c..0x250].copy_from_slice(&u32::try_from(packed.len()).unwrap().to_le_bytes());
        image.extend_from_slice(&[0; 16]);
        image.extend_from_slice(packed);
        image
    }

    #[test]
    fn the_payload_is_where_the_header_says() {
        assert_eq!(packed_kernel(&image(b"packed")), Some(&b"packed"[..]));
        assert_eq!(packed_kernel(b"\x7fELF"), None);
    }

    #[test]
    fn a_header_that_points_outside_the_image_is_no_kernel() {
        let mut image = image(b"packed");
        image[0x248] = 0xff;
        assert_eq!(packed_kernel(&image), None);
    }

    #[test]
    fn a_kernel_of_unknown_packing_is_left_as_it_is() {
        assert!(uncompressed(&image(b"????")).is_err());
        assert_eq!(uncompressed(b"MZ plain arm64 image"), Ok(b"MZ plain arm64 image".to_vec()));
    }
}
