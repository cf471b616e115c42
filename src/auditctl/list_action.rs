//! The value of `-a`, `-A` and `-d`: a list and an action, in either order.

use super::error::{FormError, LineErrorKind};
use crate::rule::{Action, List};
use crate::tables::nearest::nearest;

/// What the value says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListAction {
    /// A list and what its rule does.
    Both(List, Action),
    /// The deprecated action `possible`: auditctl takes the line and sends nothing.
    Possible,
}

/// Reads the value; `known` is the list that a watch before it has set, so that only `LIST,ACTION` can follow.
pub fn parse(value: &[u8], known: Option<List>) -> Result<ListAction, LineErrorKind> {
    let value = String::from_utf8_lossy(value);
    let Some((first, second)) = value.split_once(',').filter(|(_, second)| !second.contains(',')) else {
        return Err(LineErrorKind::Form(FormError::NotListAndAction { value: value.into_owned() }));
    };
    if let Some(list) = List::from_name(first) {
        return match second {
            "possible" => Ok(ListAction::Possible),
            _ => Ok(ListAction::Both(list, action(second)?)),
        };
    }
    if first == "possible" {
        return Err(LineErrorKind::Form(FormError::PossibleBeforeList));
    }
    let action = match action(first) {
        Ok(action) => action,
        Err(_) if action(second).is_ok() => return Err(unknown_list(first)),
        Err(error) => return Err(error),
    };
    if known.is_some() {
        return Err(LineErrorKind::Form(FormError::WatchWithRule { option: "-a" }));
    }
    let list = List::from_name(second).ok_or_else(|| unknown_list(second))?;
    Ok(ListAction::Both(list, action))
}

fn action(word: &str) -> Result<Action, LineErrorKind> {
    match word {
        "always" => Ok(Action::ALWAYS),
        "never" => Ok(Action::NEVER),
        _ => Err(LineErrorKind::Form(FormError::UnknownAction { word: word.to_owned() })),
    }
}

fn unknown_list(word: &str) -> LineErrorKind {
    let names = List::NAMED.iter().map(|(_, name)| *name);
    LineErrorKind::Form(FormError::UnknownList { word: word.to_owned(), nearest: nearest(word, names) })
}
