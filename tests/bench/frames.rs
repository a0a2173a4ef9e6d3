//! How long a frame takes to draw, and how many bytes it costs: the median of 200 frames of each screen at 120x36.
#![allow(clippy::unwrap_used, clippy::panic)]

// The tests show more of the world than is measured.
#[allow(dead_code)]
#[path = "../screens/world.rs"]
mod world;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use llm2loss::audit::Architecture;
use llm2loss::console::msg::{Cmd, Msg, ScreenId};
use llm2loss::console::terminal::Screen;
use llm2loss::console::{App, Depth, Look, frame, update};
use llm2loss::engine::{Command, Event};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

const FRAMES: usize = 200;

fn answer(app: &mut App, commands: Vec<Cmd>) {
    for command in commands {
        let event = match command {
            Cmd::Score(request) => {
                Event::Scored { seq: request.seq, answer: Arc::new(world::answer(&request)), micros: 1 }
            }
            Cmd::Send(Command::Examine { run }) => Event::Examined(Arc::new(world::examination(&run))),
            Cmd::Send(Command::Inspect) => Event::Inspected(Arc::new(world::store())),
            Cmd::Send(Command::OpenOther { .. }) => {
                Event::Other(world::run_view(&world::record("7f3a01bc", "logistic", Architecture::Linear, 100)))
            }
            _ => continue,
        };
        let commands = update(app, Msg::Engine(event));
        answer(app, commands);
    }
}

fn main() {
    let mut app = App::new((120, 36), Look::embedded(Depth::True, false));
    let runs = vec![
        world::record("7f3a01bc", "logistic", Architecture::Linear, 100),
        world::record("b2c90d11", "logistic", Architecture::Mlp, 200),
    ];
    let shown = world::run_view(&runs[1]);
    update(&mut app, Msg::Engine(Event::Opened { audit: world::audit(), runs, history: Vec::new() }));
    update(&mut app, Msg::Engine(Event::Shown(shown)));
    let hyper = world::record("00", "logistic", Architecture::Linear, 0).hyper.clone();
    update(&mut app, Msg::Engine(Event::JobQueued { job: 1, model: "logistic".into(), hyper }));
    update(&mut app, Msg::Engine(Event::JobStarted { job: 1 }));
    update(&mut app, Msg::Progress(Some(Arc::new(world::progress(1, 0.6, 5)))));
    app.screens.prompt.open("a trucker who never married", "an old woman");
    println!("{:<12} {:>12} {:>14}", "screen", "median frame", "first frame");
    for screen in ScreenId::ALL {
        let digit = char::from(b'1' + ScreenId::ALL.iter().position(|other| *other == screen).unwrap() as u8);
        app.screens.prompt.typing = false;
        let commands = update(&mut app, Msg::Key(KeyEvent::new(KeyCode::Char(digit), KeyModifiers::NONE)));
        answer(&mut app, commands);
        assert_eq!(app.world.screen, screen);
        let theme = app.world.look.resolve();
        let mut times: Vec<Duration> = (0..FRAMES)
            .map(|_| {
                let started = Instant::now();
                black_box(frame(&app, 120, 36, &theme));
                started.elapsed()
            })
            .collect();
        times.sort();
        let bytes = Screen::new(std::io::sink()).draw(frame(&app, 120, 36, &theme), None).unwrap();
        println!("{:<12} {:>9} us {:>12} B", screen.name(), times[FRAMES / 2].as_micros(), bytes);
    }
}
