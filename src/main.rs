//! The executable: one JSON request in, one JSON report out.

use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;

use audit_rules::error::{Problem, RequestError};
use audit_rules::report::Report;
use audit_rules::{report, request, run};

const HELP: &str = "\
Makes a Linux host's audit rules, in the kernel and in rules.d, agree with a declared set.

  audit_rules FILE              read a JSON request from FILE, write a JSON report to standard output
  audit_rules -                 read the request from standard input
  audit_rules schema request    print the JSON Schema of requests
  audit_rules schema report     print the JSON Schema of reports
  audit_rules --help, --version

A request declares what a host should hold:

  {\"state\": \"present\", \"name\": \"30-identity\", \"rules\": [\"-w /etc/passwd -p wa -k identity\"],
   \"check_mode\": true, \"diff\": true}

Exit status: 0 the report says not failed, 1 it says failed, 2 the command line is wrong.";

const USAGE: &str = "usage: audit_rules FILE | - | schema request | schema report | --help | --version";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let words: Vec<_> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let code = match words.as_slice() {
        ["--help" | "-h"] => print(HELP),
        ["--version" | "-V"] => print(&format!("audit_rules {}", env!("CARGO_PKG_VERSION"))),
        ["schema", "request"] => print(&spread(request::SCHEMA)),
        ["schema", "report"] => print(&spread(report::SCHEMA)),
        ["-"] => answer(read(std::io::stdin(), "-")),
        [] if arguments.is_empty() && !std::io::stdin().is_terminal() => answer(read(std::io::stdin(), "-")),
        [path] if arguments.len() == 1 && !path.starts_with('-') => answer(read_file(path)),
        _ => {
            let _ = writeln!(std::io::stderr(), "{USAGE}");
            2
        }
    };
    ExitCode::from(code)
}

/// Reads one byte more than a request may have: that is enough to say that it has too many.
fn read(source: impl Read, name: &str) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let read = source.take(request::MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
    let unreadable = |error: std::io::Error| RequestError::Unreadable { path: name.to_owned(), why: error.to_string() };
    read.map(|_| bytes).map_err(|error| Problem::from(unreadable(error)))
}

/// Reads the file that holds a request; it is no part of the host's state.
#[allow(clippy::disallowed_types)]
fn read_file(path: &str) -> Result<Vec<u8>, Problem> {
    match std::fs::File::open(path) {
        Ok(file) => read(file, path),
        Err(error) => Err(RequestError::Unreadable { path: path.to_owned(), why: error.to_string() }.into()),
    }
}

fn answer(request: Result<Vec<u8>, Problem>) -> u8 {
    let report = request.map_or_else(|problem| Report::failed(&[problem]), |bytes| run(&bytes));
    let text =
        serde_json::to_string(&report).unwrap_or_else(|error| format!("{{\"failed\":true,\"msg\":\"{error}\"}}"));
    print(&text).max(u8::from(report.failed))
}

/// A schema with white space, for people.
fn spread(schema: &str) -> String {
    serde_json::from_str::<serde_json::Value>(schema).map_or_else(|_| schema.to_owned(), |schema| format!("{schema:#}"))
}

/// A report that nobody receives is a failure.
fn print(text: &str) -> u8 {
    u8::from(writeln!(std::io::stdout().lock(), "{text}").is_err())
}
