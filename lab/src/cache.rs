//! Where the lab keeps what it fetched and built.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

/// The project's top directory.
#[must_use]
pub fn project() -> PathBuf {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR"));
    lab.parent().unwrap_or(lab).to_owned()
}

/// The cache directory: `AUDIT_RULES_LAB_CACHE`, else `.lab` in the project.
///
/// # Errors
/// When it cannot be made.
pub fn directory() -> Result<PathBuf, String> {
    let path = env::var_os("AUDIT_RULES_LAB_CACHE").map_or_else(|| project().join(".lab"), PathBuf::from);
    let path = std::path::absolute(&path).unwrap_or(path);
    make(&path)?;
    Ok(path)
}

/// Makes a directory and those above it.
///
/// # Errors
/// With the path and the system's own words.
pub fn make(path: &Path) -> Result<(), String> {
    fs::create_dir_all(path).map_err(|error| format!("cannot make {}: {error}", path.display()))
}

/// Reads a whole file.
///
/// # Errors
/// With the path and the system's own words.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Writes a file so that it is there as a whole or not at all.
///
/// # Errors
/// With the path and the system's own words.
pub fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    let failed = |error| format!("cannot write {}: {error}", path.display());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!("{name}.{}", nonce()));
    fs::write(&beside, content).map_err(failed)?;
    fs::rename(&beside, path).map_err(failed)
}

/// A short text that no other call gives, in this process or another.
#[must_use]
pub fn nonce() -> String {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos() & 0xffff_ffff_ffff);
    format!("{:x}-{now:x}-{}", process::id(), CALLS.fetch_add(1, Ordering::Relaxed))
}

/// A directory or file that is removed when this goes out of scope.
pub struct Temporary(pub PathBuf);

impl Temporary {
    /// A new directory in the cache.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn directory() -> Result<Self, String> {
        Self::below(&directory()?.join("tmp"))
    }

    /// A new directory in the system's own place for such, as a guest has no cache.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn in_tmp() -> Result<Self, String> {
        Self::below(&env::temp_dir())
    }

    fn below(parent: &Path) -> Result<Self, String> {
        let path = parent.join(format!("lab-{}", nonce()));
        make(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What cannot be removed stays in the cache, where `make clean` finds it.
        let _ = if self.0.is_dir() { fs::remove_dir_all(&self.0) } else { fs::remove_file(&self.0) };
    }
}
