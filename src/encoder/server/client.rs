//! Requests to a server of embeddings: what it may say, how long it may take, how often it is asked again.

use crate::encoder::hub::{Origin, Token};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use ureq::http::{HeaderMap, Uri};

/// The variable that holds the key.
pub const KEY: &str = "LLM2LOSS_EMBEDDINGS_KEY";
/// How long a host may take to be found and to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest wait before the next try, whatever the server asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Bytes of an answer: a text's numbers, and what stands around them.
const ANSWER_BYTES_A_TEXT: u64 = 1 << 20;
/// Characters of a server's own words that are shown.
const WORDS_SHOWN: usize = 200;
/// Tries of a request that gets no answer in time.
const SILENT_TRIES: u32 = 2;
/// Characters of a text that say which it is.
const BRIEF: usize = 60;
/// Names in an address whose values are secrets.
const SECRETS: [&str; 6] = ["key", "token", "secret", "sig", "password", "auth"];
/// Most dimensions that are taken.
const MOST_DIMENSIONS: usize = 1 << 16;

/// How a server is asked.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Sent as `Authorization: Bearer`; never shown.
    pub key: Option<Token>,
    /// How long the server may take for an answer.
    pub patience: Duration,
    /// Tries of a request before its failure is told.
    pub tries: u32,
    /// Wait before the second try; each further one waits twice as long.
    pub pause: Duration,
}

impl ServerSettings {
    /// As the environment says: `LLM2LOSS_EMBEDDINGS_KEY`.
    pub fn from_environment() -> Self {
        Self {
            key: std::env::var(KEY).ok().as_deref().and_then(Token::new),
            patience: Duration::from_secs(120),
            tries: 6,
            pause: Duration::from_millis(500),
        }
    }
}

/// Asks one server for one model's embeddings.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    address: Uri,
    model: String,
    authorization: Option<String>,
    settings: ServerSettings,
}

#[derive(Serialize)]
struct Question<'a> {
    model: &'a str,
    input: &'a [&'a str],
    encoding_format: &'static str,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    index: Option<usize>,
    /// Some servers write what is no number as null.
    embedding: Vec<Option<f64>>,
}

/// Why a try failed.
enum Fault {
    /// Another try may do, after the pause the server asks for.
    Passing(String, Option<Duration>),
    /// Nothing came in time; a third wait as long would not mend it.
    Silent(String),
    /// The server takes fewer texts at once, or not one of these: halves will tell.
    OfSome(String),
    Lasting(String),
}

impl Client {
    /// # Errors
    /// If the address is no URL or holds a password, or the key cannot be sent.
    pub fn new(address: &str, model: &str, settings: ServerSettings) -> Result<Self, String> {
        if model.is_empty() {
            return Err(
                "it names no model; write its name behind the address: http://HOST:PORT/v1/embeddings#MODEL".into()
            );
        }
        let uri: Option<Uri> = address.parse().ok().filter(|uri| Origin::of(uri).is_some());
        let uri = uri.ok_or("it is no address such as http://HOST:PORT/v1/embeddings#MODEL")?;
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(format!(
                "its address holds a name or a password, which would be kept and shown; set {KEY} instead"
            ));
        }
        if uri.authority().is_some_and(|authority| {
            authority.port().is_none() && authority.as_str().rsplit(']').next().is_some_and(|end| end.contains(':'))
        }) {
            return Err("its port is none: 1 to 65535".into());
        }
        let names = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split('=').next());
        if let Some(name) = names.map(str::to_lowercase).find(|name| SECRETS.iter().any(|word| name.contains(word))) {
            return Err(format!("its address holds a {name}, which would be kept and shown; set {KEY} instead"));
        }
        let authorization = settings.key.as_ref().map(|key| format!("Bearer {}", key.secret()));
        if authorization.as_ref().is_some_and(|value| !value.bytes().all(|byte| (0x20..0x7f).contains(&byte))) {
            return Err(format!("{KEY} holds characters that no key has"));
        }
        let config = ureq::Agent::config_builder()
            // A key and texts go to the address that was given, and nowhere else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("llm2loss/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(settings.patience));
        Ok(Self { agent: config.build().into(), address: uri, model: model.to_owned(), authorization, settings })
    }

    /// Embeddings of texts as the server gives them, in the texts' order, all of one length that is not zero.
    ///
    /// # Errors
    /// What the server does wrong, once the tries are used up; where it refuses a text, which one.
    pub fn embeddings(&self, texts: &[&str], tries: u32) -> Result<Vec<Vec<f32>>, String> {
        let mut pause = self.settings.pause;
        for attempt in 1.. {
            match self.ask(texts) {
                Ok(rows) => return Ok(rows),
                Err(Fault::Passing(_, wait)) if attempt < tries => {
                    std::thread::sleep(wait.unwrap_or(pause).min(LONGEST_PAUSE));
                    pause *= 2;
                }
                Err(Fault::Silent(_)) if attempt < tries.min(SILENT_TRIES) => {}
                Err(Fault::Passing(problem, _) | Fault::Silent(problem)) => {
                    return Err(format!("{problem}, {attempt} times in a row"));
                }
                Err(Fault::OfSome(_)) if texts.len() > 1 => {
                    let (left, right) = texts.split_at(texts.len() / 2);
                    let mut rows = self.embeddings(left, tries)?;
                    rows.extend(self.embeddings(right, tries)?);
                    return Ok(rows);
                }
                Err(Fault::OfSome(problem)) => return Err(format!("{problem}; the text is {:?}", brief(texts))),
                Err(Fault::Lasting(problem)) => return Err(problem),
            }
        }
        Err("it was never asked".into())
    }

    /// Tries of a request before its failure is told.
    pub fn tries(&self) -> u32 {
        self.settings.tries
    }

    fn ask(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Fault> {
        let question = Question { model: &self.model, input: texts, encoding_format: "float" };
        let body = serde_json::to_vec(&question).map_err(|error| Fault::Lasting(error.to_string()))?;
        let mut request = self.agent.post(self.address.clone()).header(CONTENT_TYPE, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let mut response = request.send(&body).map_err(|error| self.broken(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let most = (texts.len() as u64 + 1) * ANSWER_BYTES_A_TEXT;
        let body = response.body_mut().with_config().limit(most).read_to_vec();
        if !status.is_success() {
            return Err(self.refused(status.as_u16(), &headers, &body.unwrap_or_default()));
        }
        let body = body.map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => Fault::Lasting(format!("gives an answer longer than {most} bytes")),
            error => self.broken(&error),
        })?;
        rows(&body, texts.len())
    }

    fn broken(&self, error: &ureq::Error) -> Fault {
        match error {
            ureq::Error::Timeout(_) => Fault::Silent(format!("gives no answer within {:.0?}", self.settings.patience)),
            error => Fault::Passing(format!("cannot be reached ({error})"), None),
        }
    }

    /// What an answer that is no success means.
    fn refused(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> Fault {
        let words = self.words(body);
        let said = if words.is_empty() { String::new() } else { format!(": {words}") };
        match status {
            401 | 403 => {
                let key = if self.authorization.is_some() { "the key given may not" } else { "set its key" };
                Fault::Lasting(format!("refuses (status {status}); {key} ({KEY}){said}"))
            }
            300..=399 => {
                let place = headers.get(LOCATION).and_then(|place| place.to_str().ok()).unwrap_or("nowhere");
                let place = shown(place);
                Fault::Lasting(format!("redirects to {place}, which is not followed; give that address if it is meant"))
            }
            413 => Fault::OfSome(format!("takes no text this long (status 413){said}")),
            400 | 422 => Fault::OfSome(format!("answers with status {status}{said}")),
            408 | 429 | 500..=599 => Fault::Passing(format!("answers with status {status}{said}"), wait(headers)),
            _ => Fault::Lasting(format!("answers with status {status}{said}")),
        }
    }

    /// A server's own words, without what could be the key.
    fn words(&self, body: &[u8]) -> String {
        let text = String::from_utf8_lossy(body);
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let words = told(&json).unwrap_or(&text);
        let hidden = self.settings.key.as_ref().map(|key| words.replace(key.secret(), "(key)"));
        shown(hidden.as_deref().unwrap_or(words))
    }
}

/// What an answer says of an error, where servers say it.
fn told(json: &Value) -> Option<&str> {
    let places = [&json["error"]["message"], &json["error"], &json["message"], &json["detail"]];
    places.into_iter().find_map(Value::as_str)
}

/// One line of what comes from elsewhere.
fn shown(text: &str) -> String {
    let words: Vec<&str> = text.split(|letter: char| letter.is_whitespace() || letter.is_control()).collect();
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").chars().take(WORDS_SHOWN).collect()
}

/// The seconds that a server wants to be left alone.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// How the first text begins.
fn brief(texts: &[&str]) -> String {
    let first = shown(texts.first().copied().unwrap_or_default());
    first.chars().take(BRIEF).collect()
}

/// What an answer is that holds no embeddings.
fn unread(body: &[u8], error: &serde_json::Error) -> Fault {
    if body.windows(3).any(|three| three == b"NaN") {
        return Fault::OfSome("gives numbers that are none (NaN)".into());
    }
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    if let Some(words) = told(&json) {
        return Fault::Lasting(format!("answers with an error: {}", shown(words)));
    }
    if json["data"][0]["embedding"].is_string() {
        return Fault::Lasting("gives embeddings as text (base64?); numbers are wanted".into());
    }
    Fault::Lasting(format!("gives no list of embeddings ({error})"))
}

/// The rows of an answer, in the order of the texts.
fn rows(body: &[u8], count: usize) -> Result<Vec<Vec<f32>>, Fault> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| unread(body, &error))?;
    in_order(answer, count)
}

fn in_order(answer: Answer, count: usize) -> Result<Vec<Vec<f32>>, Fault> {
    let lasting = |problem: String| Err(Fault::Lasting(problem));
    if answer.data.len() != count {
        return lasting(format!("gives {} embeddings for {count} texts", answer.data.len()));
    }
    let mut rows = vec![Vec::new(); count];
    let dimension = answer.data.first().map_or(0, |row| row.embedding.len());
    for (at, row) in answer.data.into_iter().enumerate() {
        let index = row.index.unwrap_or(at);
        let place = rows.get_mut(index).filter(|place| place.is_empty());
        let Some(place) = place else {
            return lasting(format!("counts its embeddings wrongly ({index} of {count})"));
        };
        let length = row.embedding.len();
        if length != dimension || length == 0 || length > MOST_DIMENSIONS {
            return lasting(format!("gives embeddings of {dimension} and of {length} dimensions"));
        }
        let finite = |value: &Option<f64>| value.map(|value| value as f32).filter(|value| value.is_finite());
        let numbers: Option<Vec<f32>> = row.embedding.iter().map(finite).collect();
        *place = numbers.ok_or_else(|| Fault::OfSome("gives numbers that are none".into()))?;
    }
    Ok(rows)
}
