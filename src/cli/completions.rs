//! `llm2loss completions SHELL` and `llm2loss man`: written from the same definitions that parse the arguments.

use super::arguments::Arguments;
use super::context::{Failure, print};
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use std::io;

/// The script a shell reads to complete arguments.
pub fn completions(shell: Shell) -> Result<u8, Failure> {
    print(&script(shell))
}

fn script(shell: Shell) -> String {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "llm2loss", &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The manual page: the program, then each command with its options.
pub fn man() -> Result<u8, Failure> {
    let page = page().map_err(|error| Failure { message: format!("manual: {error}"), code: 1 })?;
    print(&page)
}

fn page() -> io::Result<String> {
    let mut command = Arguments::command();
    command.build();
    let mut bytes = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut bytes)?;
    man.render_name_section(&mut bytes)?;
    man.render_synopsis_section(&mut bytes)?;
    man.render_description_section(&mut bytes)?;
    man.render_options_section(&mut bytes)?;
    man.render_subcommands_section(&mut bytes)?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        let name = sub.get_name().to_uppercase();
        bytes.extend_from_slice(format!(".SH LLM2LOSS {name}\n").as_bytes());
        let man = Man::new(sub.clone().disable_help_flag(true));
        let mut section = Vec::new();
        man.render_description_section(&mut section)?;
        man.render_options_section(&mut section)?;
        let text = String::from_utf8_lossy(&section);
        // The headings of a page become those of a section.
        bytes.extend(text.replace(".SH DESCRIPTION\n", "").replace(".SH OPTIONS", ".SS OPTIONS").bytes());
    }
    man.render_version_section(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_completed_and_described() {
        let page = page().unwrap();
        for sub in Arguments::command().get_subcommands().filter(|sub| !sub.is_hide_set()) {
            let name = sub.get_name();
            for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
                assert!(script(shell).contains(name), "{shell}: {name}");
            }
            assert!(page.contains(&format!(".SH LLM2LOSS {}", name.to_uppercase())), "{name}");
        }
        assert!(page.contains("LLM2LOSS_HOME") && page.contains("architecture"));
    }
}
