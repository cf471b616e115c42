//! The audit log: that of the host, or the files that a request names.

use crate::error::{Problem, RequestError, What};
use crate::request::RulesFile;
use crate::rules_d::{LogFile, Root};

/// A part of a log.
pub struct Log<'a> {
    /// Its path, or the name that the request gives it.
    pub name: String,
    /// Where its lines are.
    pub content: Content<'a>,
}

/// Where the lines of a log are.
pub enum Content<'a> {
    /// In the request.
    Text(&'a str),
    /// In a file of the host.
    File(LogFile),
}

/// What is to be read, the oldest first. Everything is opened before the first line is read, so that a file that is renamed
/// meanwhile is neither missed nor read twice.
///
/// # Errors
/// Every file that cannot be opened, and a host without a log.
pub fn opened<'a>(files: &'a [RulesFile], root: &Root) -> Result<Vec<Log<'a>>, Vec<Problem>> {
    if files.is_empty() {
        let (newest, files) = root.log_files().map_err(|error| vec![Problem::from(What::File(error))])?;
        if files.is_empty() {
            let path = newest.to_string_lossy().into_owned();
            return Err(vec![Problem::from(RequestError::NoLogFiles { path })]);
        }
        let named =
            |file: LogFile| Log { name: file.path.to_string_lossy().into_owned(), content: Content::File(file) };
        return Ok(files.into_iter().map(named).collect());
    }
    let mut problems = Vec::new();
    let mut logs = Vec::new();
    for (at, said) in files.iter().enumerate() {
        let content = match &said.text {
            Some(text) => Ok(Content::Text(text)),
            None => root.log_file(said.name.as_ref()).map(Content::File),
        };
        match content {
            Ok(content) => logs.push(Log { name: said.name.clone(), content }),
            Err(error) => problems.push(Problem::at_pointer(What::File(error), &format!("/files/{at}/name"))),
        }
    }
    if problems.is_empty() { Ok(logs) } else { Err(problems) }
}
