//! The merge of drop-ins, as augenrules does it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use audit_rules::augenrules::{Awk, Generation, Merged, Script, Source, merge};

/// What ends a file of the input.
const END: u8 = 0x1e;
/// What ends the name of a file.
const END_OF_NAME: u8 = 0x1f;

const GENERATIONS: [Generation; 3] = [Generation::V3_0, Generation::V3_1_1, Generation::V4_2];
const AWKS: [Awk; 4] = [Awk::Mawk, Awk::Gawk, Awk::Busybox, Awk::Original];

/// What holds for drop-ins of any bytes. The first byte chooses the script and its awk.
///
/// # Panics
/// Where it does not.
pub fn hold(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let choice = usize::from(*choice);
    let script = Script { generation: GENERATIONS[choice % 3], awk: AWKS[choice / 3 % 4] };
    let files = files(rest);
    let sources = sources(&files);
    let merged = merge(&sources, script);
    let bytes = merged.to_bytes();

    let mut reversed = sources.clone();
    reversed.reverse();
    assert_eq!(merge(&reversed, script).to_bytes(), bytes, "the order in which files are given matters");
    comes_from_somewhere(&merged, &sources);
    if merged.lost.is_empty() && !has_pieces(&files, script) {
        nothing_is_lost(&merged, &sources, script);
    }
    merges_to_itself(&merged, &bytes, script);
    assert!(script.generation < Generation::V4_2 || merged.lost.is_empty(), "the newest script reads every file");
    numbered_as_written(&merged, &bytes, script);
}

/// The files of an input: each a name and contents. No name stands twice in a directory, or holds a slash.
pub fn files(data: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut files: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for (at, part) in data.split(|byte| *byte == END).enumerate() {
        let end = part.iter().position(|byte| *byte == END_OF_NAME);
        let (name, contents) = end.map_or((&b""[..], part), |end| (&part[..end], &part[end + 1..]));
        let mut name: Vec<u8> = name.iter().copied().filter(|byte| !matches!(byte, 0 | b'/')).collect();
        if name.is_empty()
            || name[0] == b'.'
            || files.iter().any(|(other, _)| other.strip_suffix(b".rules") == Some(&name))
        {
            name = format!("{at}{}", name.len()).into_bytes();
        }
        name.extend_from_slice(b".rules");
        files.push((name, contents.to_vec()));
    }
    files.sort();
    files.dedup_by(|one, other| one.0 == other.0);
    files
}

/// The files as the merge takes them.
pub fn sources(files: &[(Vec<u8>, Vec<u8>)]) -> Vec<Source<'_>> {
    files.iter().map(|(name, bytes)| Source { name: OsStr::from_bytes(name), bytes }).collect()
}

/// Whether an old script may take the pieces of a name for other files, so that one is read twice.
fn has_pieces(files: &[(Vec<u8>, Vec<u8>)], script: Script) -> bool {
    let splits = |name: &Vec<u8>| name.iter().any(|byte| matches!(byte, b' ' | b'\t' | b'\n'));
    script.generation < Generation::V4_2 && files.iter().any(|(name, _)| splits(name))
}

/// Every line is made of the lines that it names; NUL and carriage returns apart, at which an awk may cut.
fn comes_from_somewhere(merged: &Merged, sources: &[Source<'_>]) {
    for line in merged.lines().chain(&merged.overridden) {
        let lines = line.origins.iter().map(|origin| {
            let mut lines = sources[origin.file].bytes.split(|byte| *byte == b'\n');
            lines.nth(origin.line - 1).unwrap_or_else(|| panic!("no line {origin:?}"))
        });
        let whole: Vec<u8> = lines.flatten().copied().collect();
        let holds = whole.contains(&0) || *whole == *line.text || whole.strip_suffix(b"\r") == Some(&line.text);
        assert!(holds, "{line:?} is not {:?}", String::from_utf8_lossy(&whole));
        let within = whole.windows(line.text.len()).any(|part| *part == *line.text);
        assert!(within || line.origins.len() > 1, "{line:?} is not in {:?}", String::from_utf8_lossy(&whole));
    }
}

/// Every line that is neither empty nor a comment is there once, in its place or as one that a later one replaced.
fn nothing_is_lost(merged: &Merged, sources: &[Source<'_>], script: Script) {
    // How the files run into each other is the order's business: one file shows what becomes of lines.
    let [only] = sources else { return };
    if only.bytes.contains(&0) {
        return;
    }
    let is_blank = |byte: &u8| match script.awk {
        Awk::Mawk | Awk::Original => *byte == b's',
        Awk::Gawk | Awk::Busybox => matches!(byte, b' ' | b'\t' | b'\r' | 0x0b | 0x0c),
    };
    let drops_return = script.generation >= Generation::V3_1_1;
    let lines = only.bytes.split(|byte| *byte == b'\n').map(|line| match line {
        [line @ .., b'\r'] if drops_return => line,
        line => line,
    });
    let mut expected: Vec<&[u8]> =
        lines.filter(|line| !line.is_empty() && line.iter().find(|byte| !is_blank(byte)) != Some(&b'#')).collect();
    let mut found: Vec<&[u8]> = merged.lines().chain(&merged.overridden).map(|line| &*line.text).collect();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected, "lines were lost or made up");
}

/// What was merged is merged already; carriage returns apart, since newer scripts take one away each time.
fn merges_to_itself(merged: &Merged, bytes: &[u8], script: Script) {
    if script.generation > Generation::V3_0 && merged.lines().any(|line| line.text.ends_with(b"\r")) {
        return;
    }
    let again = merge(&[Source { name: OsStr::new("audit.rules"), bytes }], script);
    assert_eq!(again.to_bytes(), bytes, "a merge of the merged file is another one");
    assert!(again.overridden.is_empty(), "{:?}", again.overridden);
}

/// The numbers of the lines are those of the written file, where no awk sees an end in the middle of a line.
fn numbered_as_written(merged: &Merged, bytes: &[u8], script: Script) {
    let written: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    for (number, line) in merged.numbered_lines() {
        assert_eq!(*written[number - 1], *line.text, "line {number} with {script:?}");
    }
}
