//! The Prompt screen of an audit that knows a list of phrases alone.

use super::{key, open, press, tell, type_text, words, world};
use llm2loss::console::App;
use llm2loss::console::msg::{Cmd, Msg};
use llm2loss::console::update;
use llm2loss::engine::{Answer, AuditView, Event};
use std::sync::Arc;

const KNOWN: [&str; 5] = ["dog barking", "a train in the rain", "the sound of a bird", "rain", "trains passing"];

/// Types what no vector is given for.
pub fn asked(size: (u16, u16)) -> App {
    let mut app = open(size);
    let phrases = KNOWN.map(str::to_owned).to_vec();
    app.world.audit = Some(Arc::new(AuditView { phrases, ..(*world::audit()).clone() }));
    press(&mut app, "2");
    type_text(&mut app, "trai");
    let commands = update(&mut app, Msg::Key(key("n")));
    let seq = commands.into_iter().find_map(|command| match command {
        Cmd::Score(request) => Some(request.seq),
        _ => None,
    });
    let answer = Arc::new(Answer::None("no vector is given for \"train\": 5 phrases are known, such as …".into()));
    tell(&mut app, Event::Scored { seq: seq.unwrap(), answer, micros: 12 });
    app
}

#[test]
fn what_has_no_vector_is_said_calmly_and_completed_to_what_has_one() {
    let mut app = asked((120, 36));
    let said = words(&app);
    assert!(said.contains("no vector for this; ^n takes one of the 5 given"), "{said}");
    assert!(said.contains("trains passing") && !said.contains("dog barking"), "{said}");
    press(&mut app, "^n");
    assert_eq!(app.screens.prompt.text(0), "trains passing");
    assert!(words(&app).contains("regressor"), "a phrase that has a vector is scored");
    press(&mut app, "^n");
    assert_eq!(app.screens.prompt.text(0), "a train in the rain");
    assert!(app.world.notice.is_none(), "typing brings no notices");
}
