//! The next boot, predicted and then had: a Debian with systemd and auditd is rebooted for each case.

use crate::cache::{self, Temporary};
use crate::guest::{self, Emulator};
use crate::images::{self, Choice, Images};
use crate::{disk, executables, scan, step};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The cases: a folder each, in the order of their names. `rules.d` has the drop-ins, without it those of the case before
/// stay; `request.json` is then carried out (a suite may have its own, such as `request.sid.json`); `loads` says how many
/// rules the boot loads, where that is what the case is about. With `scan` the auditors' scanner has to pass the host that
/// the boot made.
const CASES: &str = "tests/boot";
/// How long a boot and its step may take; the scanner takes minutes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);
/// The emulator loses a guest now and then, before it said anything wrong.
const ATTEMPTS: u32 = 3;
const MEMORY_MIB: &str = "1024";

/// Reboots a guest of each kernel's suite through the cases whose names begin with one of `only` (without any: all) with this
/// program (without one: that built with the lab), and gives the exit status: 0 only when every boot loaded what was
/// predicted.
///
/// # Errors
/// When something that is needed cannot be had, or a guest did not tell of every boot.
pub fn run(kernels: &[Choice], only: &[String], program: Option<&Path>) -> Result<i32, String> {
    guest::require(kernels)?;
    let beside = executables::beside_this_one("audit_rules");
    let host_program = program.map_or(beside, |program| Ok(program.to_owned()))?;
    let (mut passed, mut failed) = (0, 0);
    for kernel in kernels {
        let images = images::take(*kernel)?;
        let start = Instant::now();
        let boots = boots(&images, only, program)?;
        println!("== {} ({}): {} boots in {:.0} s", kernel, images.version, boots.len(), start.elapsed().as_secs_f32());
        for pair in boots.windows(2) {
            let case = pair[0]["name"].as_str().unwrap_or_default();
            let folder = cache::project().join(CASES).join(case);
            let troubles = compared(&host_program, &pair[0], &pair[1], &folder, kernel.suite.name);
            let count = rules(&pair[1]).len();
            let stops = pair[0]["next_boot"]["stops_at"]["line"].as_u64();
            let stops = stops.map_or_else(String::new, |line| format!(", stopped at line {line}"));
            let scanned = scan::passed(&pair[1]["scan"]);
            if troubles.is_empty() {
                passed += 1;
                println!("ok: {case}: {count} rules{stops}{scanned}");
            } else {
                failed += 1;
                println!("FAILED: {case}: {count} rules{stops}\n  {}", troubles.join("\n  "));
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    Ok(i32::from(failed > 0 || passed == 0))
}

/// What a guest says at each boot.
fn boots(images: &Images, only: &[String], program: Option<&Path>) -> Result<Vec<Value>, String> {
    let disk = disk::take(images.choice.suite)?;
    let directory = Temporary::directory()?;
    let cases = cases(only)?;
    let count = cases.len();
    let own = directory.0.join("own.img");
    pack(&directory.0.join("own"), &cases, images.choice.suite.name, program)?;
    scan::pack(&directory.0.join("own/cases"), images.choice.suite.name)?;
    disk::of_directory(&directory.0.join("own"), &own)?;
    let mut reasons = Vec::new();
    for attempt in 1..=ATTEMPTS {
        match attempt_once(images, &disk, &own, count + 1) {
            Ok(boots) => return Ok(boots),
            Err(reason) => {
                eprintln!("lab: guest {}, attempt {attempt} of {ATTEMPTS}: {reason}", images.choice);
                reasons.push(reason);
            }
        }
    }
    Err(format!("the guest {} did not tell of all its boots: {}", images.choice, reasons.join("; ")))
}

/// The folders of all cases, or of those whose names begin with one of these.
fn cases(only: &[String]) -> Result<Vec<PathBuf>, String> {
    let all = cache::project().join(CASES);
    let entries = fs::read_dir(&all).map_err(|error| format!("cannot list {}: {error}", all.display()))?;
    let is_meant = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        only.is_empty() || only.iter().any(|start| name.starts_with(start.as_str()))
    };
    let cases: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_meant).collect();
    if cases.is_empty() { Err(format!("{} has no such case", all.display())) } else { Ok(cases) }
}

/// The files of the guest's second disk.
fn pack(target: &Path, cases: &[PathBuf], suite: &str, program: Option<&Path>) -> Result<(), String> {
    let bin = target.join("bin");
    cache::make(&bin)?;
    executables::light_copy(&executables::beside_this_one("lab")?, &bin.join("lab"))?;
    match program {
        Some(program) => copy(program, &bin.join("audit_rules"))?,
        None => executables::light_copy(&executables::beside_this_one("audit_rules")?, &bin.join("audit_rules"))?,
    }
    cache::make(&target.join("cases"))?;
    for case in cases {
        let target = target.join("cases").join(case.file_name().unwrap_or_default());
        copy(case, &target)?;
        let own = case.join(format!("request.{suite}.json"));
        if own.is_file() {
            copy(&own, &target.join("request.json"))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("cannot copy {}: {error}", from.display());
    if !from.is_dir() {
        return fs::copy(from, to).map(drop).map_err(failed);
    }
    cache::make(to)?;
    for entry in fs::read_dir(from).map_err(failed)?.flatten() {
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn attempt_once(images: &Images, disk: &Path, own: &Path, count: usize) -> Result<Vec<Value>, String> {
    let machine = images.choice.machine;
    // What the guest writes is there after a reboot, and gone with the emulator.
    let drive = |id: &str, path: &Path| {
        let path = path.display().to_string().replace(',', ",,");
        let device = format!("nvme,serial={id},drive={id}");
        [
            "-drive".to_owned(),
            format!("if=none,id={id},format=raw,snapshot=on,file={path}"),
            "-device".to_owned(),
            device,
        ]
    };
    let mut child = Command::new(machine.qemu)
        .args(machine.qemu_arguments)
        .args(["-accel", "tcg", "-m", MEMORY_MIB, "-smp", "1", "-nodefaults", "-display", "none"])
        .args(["-serial", "null", "-serial", "stdio", "-kernel"])
        .arg(&images.kernel)
        .args(drive("system", disk))
        .args(drive("own", own))
        .arg("-append")
        .arg(format!(
            "root=/dev/nvme0n1 rw console={} quiet loglevel=1 panic=-1 oops=panic random.trust_cpu=on mitigations=off \
             cryptomgr.notests systemd.show_status=no",
            machine.console
        ))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| format!("cannot run {}: {error}", machine.qemu))?;
    let stdout = child.stdout.take().ok_or("QEMU has no output")?;
    let _emulator = Emulator(child);
    let lines = guest::lines_of(stdout);
    let mut boots: Vec<Value> = Vec::new();
    while boots.len() < count {
        let line = lines.recv_timeout(PATIENCE).map_err(|_| format!("nothing of boot {}", boots.len()))?;
        let Some(start) = line.find('{') else { continue };
        let said: Value = serde_json::from_str(&line[start..]).map_err(|error| format!("{error}: {line}"))?;
        if let Some(trouble) = said["trouble"].as_str() {
            return Err(format!("boot {}: {trouble}", boots.len()));
        }
        if said["boot"] != boots.len() {
            return Err(format!("boot {} calls itself {}", boots.len(), said["boot"]));
        }
        if said["name"].is_string() {
            println!("   {}: boot {} of {}", images.choice, boots.len() + 1, count - 1);
        }
        boots.push(said);
    }
    Ok(boots)
}

/// The rules that a boot found in the kernel.
fn rules(boot: &Value) -> Vec<String> {
    strings(&boot["listed"]).into_iter().filter(|line| line != "No rules").collect()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What a case and the boot after it differ in.
fn compared(program: &Path, case: &Value, boot: &Value, folder: &Path, suite: &str) -> Vec<String> {
    let mut troubles = Vec::new();
    let (predicted, loaded) = (strings(&case["next_boot"]["rules"]), rules(boot));
    let (plain_predicted, plain_loaded) = (but_for_narrowing(&predicted), but_for_narrowing(&loaded));
    if plain_predicted != plain_loaded && !are_same(program, &plain_predicted, &plain_loaded) {
        troubles.push(format!("predicted {predicted:#?}, loaded {loaded:#?}"));
    }
    match expected(case, folder, suite) {
        Ok(count) if count == loaded.len() => {}
        Ok(count) => troubles.push(format!("{} rules were loaded, not {count}", loaded.len())),
        Err(reason) => troubles.push(reason),
    }
    let status = strings(&boot["status"]);
    for name in ["failure", "rate_limit", "backlog_limit"] {
        let now = status.iter().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
        let predicted = case["settings"][name]["next_boot"].as_u64();
        if predicted.is_some() && predicted != now {
            troubles.push(format!("{name} was to be {predicted:?} and is {now:?}"));
        }
    }
    let is_locked = status.iter().any(|line| line == "enabled 2");
    if is_locked != (case["settings"]["enabled"]["next_boot"] == 2) {
        troubles.push(format!("locked: {is_locked}, predicted: {}", case["settings"]["enabled"]));
    }
    let again = &boot["again"];
    if !case["report"].is_null() && (again["outcome"] != "unchanged" || again["reboot_required"] != false) {
        troubles.push(format!("the same request again, after the boot: {again:#}"));
    }
    troubles.extend(scan::troubles(&boot["scan"]));
    if case["report"]["outcome"] == "staged" {
        let pending = |key: &str| but_for_narrowing(&strings(&case["report"]["pending"][key]));
        let (load, unload) = (pending("load"), pending("unload"));
        if load.is_empty() || !load.iter().all(|rule| plain_loaded.contains(rule)) {
            troubles.push(format!("{load:?} was to be loaded, and is not"));
        }
        if unload.is_empty() || unload.iter().any(|rule| plain_loaded.contains(rule)) {
            troubles.push(format!("{unload:?} was to be gone, and is not"));
        }
    }
    troubles
}

/// Rules without the system calls of those with `perm=`, which newer versions of auditctl narrow to a table of their own.
fn but_for_narrowing(rules: &[String]) -> Vec<String> {
    let shown = |line: &String| match line.split_once(" -S ") {
        Some((before, after)) if line.contains("-F arch=") && line.contains("-F perm=") => {
            format!("{before} {}", after.split_once(' ').map_or("", |(_, rest)| rest))
        }
        _ => line.clone(),
    };
    rules.iter().map(shown).collect()
}

/// Whether two lists are the same rules to the kernel: an old auditctl lists by its number what it has no name for.
fn are_same(program: &Path, one: &[String], other: &[String]) -> bool {
    let wires = |rules: &[String]| {
        let report =
            step::answered(program, json!({"operation": "explain", "rules": rules}).to_string().as_bytes()).ok()?;
        report["lines"].as_array().map(|lines| lines.iter().map(|line| line["wire"].clone()).collect::<Vec<_>>())
    };
    wires(one).is_some_and(|wires| wires.iter().all(Value::is_object)) && wires(one) == wires(other)
}

/// How many rules the boot of a case is to load: what its `loads` says, `4` or a line for each suite, such as `bookworm 4`;
/// without that file, as many as its request wants.
fn expected(case: &Value, folder: &Path, suite: &str) -> Result<usize, String> {
    let path = folder.join("loads");
    if !path.is_file() {
        let desired = case["report"]["rules"]["desired"].as_u64().and_then(|count| usize::try_from(count).ok());
        return desired
            .filter(|count| *count > 0)
            .ok_or_else(|| format!("its request wants no rules: {}", case["report"]));
    }
    let text = String::from_utf8_lossy(&cache::read(&path)?).into_owned();
    let own = text.lines().find_map(|line| line.strip_prefix(suite)).unwrap_or(text.as_str());
    own.trim().parse().map_err(|_| format!("{} does not say how many rules {suite} loads", path.display()))
}
