//! What comes from the kernel, written to a file as it came.

use std::cell::RefCell;
use std::path::Path;

use super::events::OUTPUT_MODE;
use crate::error::{Problem, What};
use crate::kernel::Trace;
use crate::report::Report;
use crate::rules_d::{FileError, OutputFile, Root};

/// Does something whose datagrams from the kernel are written to this file of the running host, where there is one. In check mode
/// it is only seen whether it may be written. A file that cannot be written to its end is a warning: the run goes on.
///
/// # Errors
/// Those of the work; a file that cannot be begun.
pub fn traced(
    path: Option<&Path>,
    check_mode: bool,
    work: impl FnOnce(Option<Trace<'_>>) -> Result<Report, Vec<Problem>>,
) -> Result<Report, Vec<Problem>> {
    let Some(path) = path else { return work(None) };
    let refused = |error: FileError| vec![Problem::at_pointer(What::File(error), "/trace_netlink")];
    let (directory, name) = Root::open(Path::new("/")).and_then(|host| host.place_of(path)).map_err(refused)?;
    if check_mode {
        OutputFile::check(&directory, &name).map_err(refused)?;
        return work(None);
    }
    let output = OutputFile::begin(&directory, &name, OUTPUT_MODE).map_err(refused)?;
    let written = RefCell::new(Ok(output));
    let trace = |datagram: &[u8]| {
        let mut written = written.borrow_mut();
        let failed = written.as_mut().ok().and_then(|output| output.write(datagram).err());
        if let Some(error) = failed {
            *written = Err(error);
        }
    };
    let report = work(Some(&trace));
    let finished = written.into_inner().and_then(OutputFile::finish);
    report.map(|mut report| {
        let unwritten =
            finished.err().map(|error| format!("there is no trace: {}", Problem::from(What::File(error)).sentence()));
        report.warnings.extend(unwritten);
        report
    })
}
