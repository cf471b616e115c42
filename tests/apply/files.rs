//! What the repository expects of a scenario, compared with what came; `UPDATE_EXPECTED=1` writes it anew.

use std::fs;
use std::path::{Path, PathBuf};

/// Whether expectations are to be rewritten instead of held.
pub fn updating() -> bool {
    std::env::var_os("UPDATE_EXPECTED").is_some_and(|value| value == "1")
}

/// Compares a file of the repository with what it should hold; nothing stands for no file.
pub fn hold(path: &Path, found: Option<&[u8]>, complaints: &mut Vec<String>) {
    let expected = fs::read(path).ok();
    if expected.as_deref() == found {
        return;
    }
    if updating() {
        match found {
            Some(bytes) => {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
            None => fs::remove_file(path).unwrap(),
        }
        return;
    }
    let text =
        |bytes: Option<&[u8]>| bytes.map_or("nothing".into(), |bytes| String::from_utf8_lossy(bytes).into_owned());
    let (expected, found) = (text(expected.as_deref()), text(found));
    complaints.push(format!("{} should be\n{expected}\nand is\n{found}", path.display()));
}

/// Every file below a folder of the repository.
pub fn below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}
