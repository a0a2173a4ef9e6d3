//! What a newcomer should know of a screen, with the keys that are really bound; shown until the first key there.

use super::app::App;
use super::keys::Context;
use super::msg::{Action, ScreenId};

/// The hint of the screen in sight, in full and in short.
#[must_use]
pub fn of_screen(app: &App) -> [String; 2] {
    let here = app.under();
    let key = |action| app.key(here, action);
    match app.screen {
        ScreenId::Attributes => {
            let key = |action| app.key(Context::Attributes, action);
            let (open, help) = (key(Action::OpenPair), key(Action::Help));
            let (down, up, find) = (key(Action::Down), key(Action::Up), key(Action::Palette));
            [
                format!(
                    "{down} {up} move, {open} asks the heads about a row, {help} explains every mark, {find} finds every command"
                ),
                format!("{open} asks the heads about a row, {help} explains marks"),
            ]
        }
        ScreenId::Prompt => {
            let key = |action| app.key(Context::Typing, action);
            let (other, stop) = (key(Action::OtherPrompt), key(Action::StopTyping));
            [
                format!("type a sentence; {other} and another one to compare; {stop} turns letters into keys"),
                format!("type a sentence; {stop} turns letters into keys"),
            ]
        }
        ScreenId::Train => {
            let (new, head) = (app.key(Context::Train, Action::NewRun), app.key(Context::Train, Action::NextHead));
            [
                format!("{new} describes a run, {head} shows another head's curves; you may go on working meanwhile"),
                format!("{new} describes a run, {head} shows another head's curves"),
            ]
        }
        ScreenId::Data => [
            "what is audited, what its losses look like, and what the store keeps of it".into(),
            "what is audited and what the store keeps of it".into(),
        ],
        ScreenId::Compare => {
            let (before, next, what) = (key(Action::PreviousOther), key(Action::NextOther), key(Action::NextMeasure));
            let swap = key(Action::Swap);
            [
                format!(
                    "whom did the other model make worse? {what} changes what is compared, {before} and {next} with what, {swap} swaps the two"
                ),
                format!("{what} changes what is compared, {before} {next} with what"),
            ]
        }
        ScreenId::Ood => {
            let list = key(Action::NextList);
            [
                format!("prompts from familiar to foreign; {list} shows one foreign list at a time"),
                format!("prompts from familiar to foreign; {list} chooses a list"),
            ]
        }
        ScreenId::Validity => {
            let head = key(Action::NextHead);
            [
                format!("how well each head orders the test items by their true loss; {head} shows another head"),
                format!("do the heads know the true losses? {head}: another head"),
            ]
        }
    }
}
