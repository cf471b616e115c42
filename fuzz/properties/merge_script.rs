//! The merge beside the installed augenrules: the awk program in it, run by each awk that is installed, on the same
//! bytes in the same order.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use audit_rules::augenrules::{Awk, Generation, Script, merge};

use super::merge::{files, sources};

const SCRIPTS: [&str; 2] = ["/usr/sbin/augenrules", "/sbin/augenrules"];
const AWKS: [(&[&str], Awk); 4] = [
    (&["mawk"], Awk::Mawk),
    (&["gawk"], Awk::Gawk),
    (&["busybox", "awk"], Awk::Busybox),
    (&["original-awk"], Awk::Original),
];

/// The awk program of the installed script, and the awks that there are.
pub struct Witness {
    program: String,
    generation: Generation,
    awks: Vec<(&'static [&'static str], Awk)>,
}

/// What there is to compare with.
///
/// # Errors
/// What is missing.
pub fn witness() -> Result<&'static Witness, String> {
    static WITNESS: OnceLock<Result<Witness, String>> = OnceLock::new();
    WITNESS.get_or_init(find).as_ref().map_err(Clone::clone)
}

fn find() -> Result<Witness, String> {
    let text =
        SCRIPTS.iter().find_map(|path| std::fs::read(path).ok()).ok_or("there is no augenrules: install auditd")?;
    let generation = Script::from_text(&text, Awk::Mawk).generation;
    let text = String::from_utf8_lossy(&text);
    let program = text.split_once("awk '").and_then(|(_, rest)| rest.split_once("\n}'"));
    let program = program.map(|(program, _)| format!("{program}\n}}")).ok_or("augenrules has no awk program")?;
    let runs = |words: &&[&str]| {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg("BEGIN { exit 0 }").stdin(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let awks: Vec<_> = AWKS.into_iter().filter(|(words, _)| runs(words)).collect();
    if awks.is_empty() { Err("there is no awk".to_owned()) } else { Ok(Witness { program, generation, awks }) }
}

/// What holds for drop-ins of any bytes, where there is something to compare with.
///
/// # Panics
/// Where it does not, or where nothing can be compared.
pub fn hold(data: &[u8]) {
    let witness = witness().unwrap_or_else(|missing| panic!("nothing to compare with: {missing}"));
    let Some((choice, rest)) = data.split_first() else { return };
    let (words, awk) = witness.awks[usize::from(*choice) % witness.awks.len()];
    let files = files(rest);
    // Names decide the order alone, and that has cases of its own: one file holds all the bytes.
    let bytes: Vec<u8> = files.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
    let one = [(b"all.rules".to_vec(), bytes)];
    let ours = merge(&sources(&one), Script { generation: witness.generation, awk }).to_bytes();
    let (_, ours) = ours.split_at(ours.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1));
    let theirs = theirs(words, &witness.program, &one[0].1);
    assert_eq!(
        String::from_utf8_lossy(ours),
        String::from_utf8_lossy(&theirs),
        "{awk:?} says otherwise (ours to the left)"
    );
    assert_eq!(ours, theirs, "{awk:?} says otherwise (ours to the left)");
}

fn theirs(words: &[&str], program: &str, bytes: &[u8]) -> Vec<u8> {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(program).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{}: {error}", words[0]));
    if let Some(mut stdin) = child.stdin.take() {
        // An awk that stops early closes the pipe; what it wrote is compared all the same.
        let _ = stdin.write_all(bytes);
    }
    child.wait_with_output().unwrap_or_else(|error| panic!("{}: {error}", words[0])).stdout
}
