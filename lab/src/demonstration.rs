//! The main job, shown on a real kernel: the steps are `lab/demo/steps.sh`, run in a guest.

use crate::guest::{self, GuestFile, Job};
use crate::images::{self, Choice};
use crate::{cache, executables};
use std::time::{Duration, Instant};

/// Shows the steps as they happen and gives their exit status: 0 only when each did what the demonstration claims.
///
/// # Errors
/// When something that is needed cannot be had, or the guest does not come up.
pub fn run(kernel: Choice) -> Result<i32, String> {
    guest::require(&[kernel])?;
    let images = images::take(kernel)?;
    let start = Instant::now();
    let steps = cache::project().join("lab/demo");
    let script = cache::read(&steps.join("steps.sh"))?;
    let program = |name: &str| -> Result<GuestFile, String> {
        let host = executables::beside_this_one(name)?;
        Ok(GuestFile { host, guest: format!("/usr/bin/{name}"), mode: Some(0o755) })
    };
    let requests = GuestFile { host: steps, guest: "/demo".to_owned(), mode: None };
    println!("Booting a throw-away virtual machine with {}.", images.version);
    println!("This host's own audit system is not touched.");
    let job = Job {
        images,
        append: String::new(),
        files: vec![program("audit_rules")?, program("lab")?, requests],
        links: Vec::new(),
        environment: Vec::new(),
        script,
        timeout: Duration::from_secs(120),
    };
    let status = guest::run(&job, &mut guest::print)?;
    println!("\nThe machine ran for {:.1} s and is gone.", start.elapsed().as_secs_f32());
    Ok(status)
}
