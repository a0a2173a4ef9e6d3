//! Requests to the hub: who is told the token, how many redirects are followed, how long an answer may take.

use super::settings::HubSettings;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hf_hub::Repo;
use std::time::Duration;
use ureq::Body;
use ureq::http::header::{AUTHORIZATION, LOCATION, RANGE};
use ureq::http::{HeaderMap, Response, StatusCode, Uri};

/// Most redirects of one request, as browsers and Python have it or fewer.
const MOST_REDIRECTS: usize = 10;
/// How long a host may take to be found and to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest name of a file that a header may give.
const LONGEST_NAME: usize = 128;

/// Why a file was not fetched.
#[derive(Debug)]
pub(super) enum Fault {
    /// The status that the hub answered with.
    Status(u16),
    /// The way broke; another try may do.
    Broken(String),
    /// Nobody answers.
    Unreachable(String),
    /// The hub does what it must not; trying again is no use.
    Refused(String),
}

impl From<std::io::Error> for Fault {
    /// What the disk says.
    fn from(error: std::io::Error) -> Self {
        Self::Unreachable(error.to_string())
    }
}

/// An answer, and what the hub itself said of the file on the way to it.
pub(super) struct Answer {
    pub response: Response<Body>,
    pub etag: Option<String>,
    pub commit: Option<String>,
}

/// Asks the hub; secrets go to its own host alone.
pub(super) struct Client {
    agent: ureq::Agent,
    base: String,
    own: Origin,
    authorization: Option<String>,
}

/// What must be the same for a secret to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::encoder) struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of an http or https address.
    pub fn of(uri: &Uri) -> Option<Self> {
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let usual = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let host = uri.host().filter(|host| !host.is_empty())?.to_ascii_lowercase();
        Some(Self { scheme, host, port: uri.port_u16().unwrap_or(usual) })
    }

    /// Whether what is sent can be read by others: it is not encrypted and leaves this machine.
    pub fn is_open(&self) -> bool {
        let address = self.host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        let loopback = self.host == "localhost" || address.is_ok_and(|address| address.is_loopback());
        self.scheme == "http" && !loopback
    }
}

impl Client {
    /// # Errors
    /// If the endpoint is no URL, or a secret would go over an open connection.
    pub fn new(settings: &HubSettings) -> Result<Self, String> {
        let (base, secret) = settings.split_endpoint();
        let own = base.parse::<Uri>().ok().as_ref().and_then(Origin::of);
        let own = own.ok_or_else(|| format!("HF_ENDPOINT {base} is no address such as https://host"))?;
        let token = settings.token.as_ref().map(|token| format!("Bearer {}", token.0));
        let basic = secret.map(|secret| format!("Basic {}", BASE64_STANDARD.encode(percent_decoded(secret))));
        let authorization = basic.or(token);
        if own.is_open() && authorization.is_some() && !settings.plain {
            return Err(format!(
                "the connection to {base} is not encrypted, and everybody on the way could read the token; use https, unset HF_TOKEN, or set LLM2LOSS_PLAIN_HUB=1 if that is what you want"
            ));
        }
        let config = ureq::Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("llm2loss/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(settings.patience))
            .timeout_per_read(Some(settings.patience));
        Ok(Self { agent: config.build().into(), base, own, authorization })
    }

    /// The address of a file at a revision.
    pub fn address(&self, repository: &Repo, name: &str) -> String {
        format!("{}/{}/resolve/{}/{name}", self.base, repository.url(), repository.url_revision())
    }

    /// Asks for a range of a file (`bytes=0-0`), or for all of it, and follows redirects to where it lies.
    pub fn ask(&self, address: &str, range: Option<&str>) -> Result<Answer, Fault> {
        let mut at = parsed(address)?;
        let (mut etag, mut commit) = (None, None);
        for _ in 0..=MOST_REDIRECTS {
            let origin = Origin::of(&at).ok_or_else(|| Fault::Refused("it redirects to what is no http".into()))?;
            let own = origin == self.own;
            let mut request = self.agent.get(at.clone());
            if let Some(range) = range {
                request = request.header(RANGE, range);
            }
            if let Some(authorization) = self.authorization.as_ref().filter(|_| own) {
                request = request.header(AUTHORIZATION, authorization);
            }
            let response = request.call().map_err(broken)?;
            if own {
                let headers = response.headers();
                // A file that lies elsewhere has its own digest in another header.
                let linked = name_in(headers, "x-linked-etag")?;
                etag = linked.or(name_in(headers, "etag")?).or(etag);
                commit = name_in(headers, "x-repo-commit")?.or(commit);
            }
            let status = response.status();
            if status.is_success() {
                return Ok(Answer { response, etag, commit });
            }
            if !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
                return Err(Fault::Status(status.as_u16()));
            }
            let place = response.headers().get(LOCATION).and_then(|place| place.to_str().ok());
            let next = place.and_then(|place| joined(&at, place));
            let next = next.ok_or_else(|| Fault::Refused("it redirects without an address that can be read".into()))?;
            if origin.scheme == "https" && next.scheme_str() != Some("https") {
                return Err(Fault::Refused("it redirects from https to a connection that is not encrypted".into()));
            }
            at = next;
        }
        Err(Fault::Refused(format!("it redirects more than {MOST_REDIRECTS} times")))
    }
}

fn parsed(address: &str) -> Result<Uri, Fault> {
    address.parse().map_err(|_| Fault::Unreachable("its address cannot be read".into()))
}

/// Where a redirect leads.
fn joined(from: &Uri, place: &str) -> Option<Uri> {
    if place.contains("://") {
        return place.parse().ok();
    }
    let scheme = from.scheme_str()?;
    if place.starts_with("//") {
        return format!("{scheme}:{place}").parse().ok();
    }
    let host = from.authority()?;
    if place.starts_with('/') {
        return format!("{scheme}://{host}{place}").parse().ok();
    }
    let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{scheme}://{host}{folder}/{place}").parse().ok()
}

/// A header that becomes the name of a file or a folder.
fn name_in(headers: &HeaderMap, header: &str) -> Result<Option<String>, Fault> {
    let Some(value) = headers.get(header) else { return Ok(None) };
    let text = String::from_utf8_lossy(value.as_bytes());
    let name = text.trim().trim_start_matches("W/").trim_matches('"');
    if is_name(name) {
        return Ok(Some(name.to_owned()));
    }
    let shown: String = name.chars().take(60).collect();
    Err(Fault::Refused(format!("its header {header} is {shown:?}, which cannot be the name of a file")))
}

/// Whether a text can be the name of one file, in its folder.
pub(super) fn is_name(text: &str) -> bool {
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !text.is_empty() && text.len() <= LONGEST_NAME && !text.starts_with('.') && text.bytes().all(fit)
}

fn broken(error: ureq::Error) -> Fault {
    use std::io::ErrorKind;
    match &error {
        ureq::Error::Io(io) if matches!(io.kind(), ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof) => {
            Fault::Broken(error.to_string())
        }
        ureq::Error::Protocol(_) => Fault::Broken(error.to_string()),
        _ => Fault::Unreachable(error.to_string()),
    }
}

/// `%41` becomes `A`.
pub(in crate::encoder) fn percent_decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).filter(|_| *first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &after[2..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_stay_in_their_folder() {
        for name in ["../x", "..", ".", "", "a/b", "a\\b", ".part", "a b", "é", &"a".repeat(200)] {
            assert!(!is_name(name), "{name}");
        }
        assert!(is_name("0123abcDEF-_.x"));
    }

    #[test]
    fn redirects_are_joined_and_passwords_decoded() {
        let from: Uri = "https://host:1/a/b?c=d".parse().unwrap();
        for (place, expected) in [
            ("/x?y", "https://host:1/x?y"),
            ("z", "https://host:1/a/z"),
            ("//other/x", "https://other/x"),
            ("http://other/x", "http://other/x"),
        ] {
            assert_eq!(joined(&from, place).unwrap().to_string(), expected);
        }
        assert_eq!(percent_decoded("n%40me:p%3aw%"), b"n@me:p:w%");
    }

    #[test]
    fn only_what_leaves_this_machine_unencrypted_is_open() {
        for (address, open) in [
            ("http://127.0.0.1:80", false),
            ("http://127.9.0.1", false),
            ("http://[::1]:5", false),
            ("http://localhost:1", false),
            ("https://mirror", false),
            ("http://mirror", true),
            ("http://127.0.0.1.evil.example", true),
        ] {
            assert_eq!(Origin::of(&address.parse().unwrap()).unwrap().is_open(), open, "{address}");
        }
    }
}
