//! The value of `-a`, `-A` and `-d`: a list and an action, in either order.

use super::error::{FormError, LineErrorKind};
use super::line::Context;
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
pub fn parse(value: &[u8], known: Option<List>, context: &Context<'_>) -> Result<ListAction, LineErrorKind> {
    let value = String::from_utf8_lossy(value);
    let Some((first, second)) = value.split_once(',').filter(|(_, second)| !second.contains(',')) else {
        return Err(LineErrorKind::Form(FormError::NotListAndAction { value: value.into_owned() }));
    };
    let list_named = |word: &str| {
        let list = List::from_name(word)?;
        let name = List::NAMED.iter().find(|(known, _)| *known == list).map(|(_, name)| *name)?;
        // The table of lists, and with it the case of letters that does not matter, came with 3.1.
        let is_strange = context.is_before([3, 1, 0]) && (name != word || list == List::IO_URING);
        let is_unknown = list == List::IO_URING && context.lacks(name);
        (!is_strange && !is_unknown).then_some(list)
    };
    if let Some(list) = list_named(first) {
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
    let list = list_named(second).ok_or_else(|| unknown_list(second))?;
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
