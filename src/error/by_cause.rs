//! One problem for many lines, where how the file was made explains all of them.

use std::collections::HashMap;
use std::rc::Rc;

use super::{Problem, What};

/// The cause of a problem, its file, and the pointer of its text.
type Cause = (&'static str, Option<Rc<str>>, Option<String>);

/// The problems, in order; of those that lines of one text have for the same cause, the first stands for all.
#[must_use]
pub fn by_cause(problems: Vec<Problem>) -> Vec<Problem> {
    let mut first: HashMap<Cause, usize> = HashMap::new();
    let mut kept: Vec<Problem> = Vec::new();
    for problem in problems {
        let cause = match &problem.what {
            What::Line(error) => error.cause(),
            _ => None,
        };
        let Some(cause) = cause else {
            kept.push(problem);
            continue;
        };
        let key = (cause, problem.place.file.clone(), problem.place.pointer.as_deref().map(text_of));
        if let Some(same) = first.get(&key).and_then(|at| kept.get_mut(*at)) {
            same.place.more += 1;
        } else {
            first.insert(key, kept.len());
            kept.push(problem);
        }
    }
    kept
}

/// The pointer of the text or list that an entry belongs to.
fn text_of(pointer: &str) -> String {
    let entry = pointer.rsplit_once('/').filter(|(_, last)| last.bytes().all(|byte| byte.is_ascii_digit()));
    entry.map_or(pointer, |(list, _)| list).to_owned()
}

/// How many other lines have the same problem, as the end of a sentence.
#[must_use]
pub fn same_in(more: usize) -> String {
    match more {
        0 => String::new(),
        1 => ", here and in 1 more line".to_owned(),
        more => format!(", here and in {more} more lines"),
    }
}
