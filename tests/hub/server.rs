//! A hub on this machine: answers what the real one answers to listings and downloads, and fails as told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest, Sha256};

/// What goes wrong with the contents of a file, or with a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is cut each time before byte N of the file.
    CutAt(usize),
    /// The connection is cut after this many bytes of every answer.
    CutAfter(usize),
    /// The file ends early, and the answer says that this is all.
    EndsAt(usize),
    /// An error status.
    Status(u16),
    /// The wish for a part is not understood: everything comes each time.
    NoRanges,
    /// No answer comes.
    Silent,
    /// After this many bytes nothing more comes.
    StallsAfter(usize),
    /// One byte now and then.
    Drips,
    /// What comes is not HTTP.
    Garbage,
    /// Headers without end.
    EndlessHeaders,
    /// Bytes without end.
    EndlessBody,
    /// The length is right, and the bytes are not.
    WrongBytes,
    /// As before, the first time only.
    WrongBytesOnce,
    /// Neither a length nor ranges; the end of the connection is the end of the file.
    NoLength,
    /// Status 429 with this `Retry-After`, so many times; then all is well.
    Busy { times: usize, seconds: u64 },
}

/// What one request asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub authorization: Option<String>,
    pub range: Option<String>,
}

#[derive(Default)]
struct State {
    /// By `models/owner/name` or `datasets/owner/name`, then by path.
    repositories: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    commits: BTreeMap<String, String>,
    /// By the path of the file; `LISTING` for listings, and `FACTS` before it for what is said about a file.
    faults: BTreeMap<String, Fault>,
    /// Headers of a file that are other than they should be, by its path, or of a redirect, by its own; an empty one is
    /// left out.
    headers: BTreeMap<String, Vec<(String, String)>>,
    /// Requests for these paths are led to another address.
    redirects: BTreeMap<String, (u16, String)>,
    /// The body of listings, where it is not the right one.
    listing: Option<Vec<u8>>,
    token: Option<String>,
    requests: Vec<Request>,
}

pub const LISTING: &str = "the listing";
pub const FACTS: &str = "facts of ";

pub struct Server {
    address: String,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Server { address, state }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// `repository`: `models/owner/name` or `datasets/owner/name`. Another commit from now on.
    pub fn put(&self, repository: &str, path: &str, contents: impl Into<Vec<u8>>) {
        let mut state = self.state.lock().unwrap();
        let files = state.repositories.entry(repository.to_string()).or_default();
        files.insert(path.to_string(), contents.into());
        let commit = format!("{:040x}", files.len() * 7 + files.values().map(Vec::len).sum::<usize>());
        state.commits.insert(repository.to_string(), commit);
    }

    pub fn fault(&self, path: &str, fault: Option<Fault>) {
        let mut state = self.state.lock().unwrap();
        match fault {
            Some(fault) => state.faults.insert(path.to_string(), fault),
            None => state.faults.remove(path),
        };
    }

    /// Headers of a file, or of a redirect, in place of the right ones.
    pub fn say(&self, path: &str, headers: &[(&str, &str)]) {
        let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        self.state.lock().unwrap().headers.insert(path.to_string(), headers);
    }

    /// Requests for a path go to another address.
    pub fn lead(&self, path: &str, status: u16, location: &str) {
        self.state.lock().unwrap().redirects.insert(path.to_string(), (status, location.to_string()));
    }

    pub fn listings_answer(&self, status: Option<u16>) {
        self.fault(LISTING, status.map(Fault::Status));
    }

    pub fn listings_hold(&self, body: Option<&[u8]>) {
        self.state.lock().unwrap().listing = body.map(<[u8]>::to_vec);
    }

    /// Every request must bear this token.
    pub fn ask_for_token(&self, token: &str) {
        self.state.lock().unwrap().token = Some(token.to_string());
    }

    /// Paths asked for since the last time.
    pub fn requests(&self) -> Vec<String> {
        self.seen().into_iter().map(|request| request.path).collect()
    }

    /// Everything asked for since the last time.
    pub fn seen(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.lock().unwrap().requests)
    }
}

/// SHA-256, in hexadecimal digits.
pub fn digest(contents: &[u8]) -> String {
    Sha256::digest(contents).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Answers one request; the connection is closed after it.
fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    if reader.read_line(&mut line).is_err() || line.is_empty() {
        return;
    }
    let mut words = line.split(' ').map(str::to_string);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).is_err() || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_string());
        }
    }
    let header = |name: &str| headers.get(name).cloned();
    let request = Request { method, path, authorization: header("authorization"), range: header("range") };
    let mut state = state.lock().unwrap();
    state.requests.push(request.clone());
    let answer = answer(&mut state, &request);
    drop(state);
    // A client that has gone is no concern of the hub's.
    let _ = send(stream, &request, &answer);
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Bytes of the body that are really sent.
    sent: usize,
    fault: Option<Fault>,
}

fn plain(status: u16) -> Answer {
    Answer { status, headers: Vec::new(), body: b"{}".to_vec(), sent: 2, fault: None }
}

fn answer(state: &mut State, request: &Request) -> Answer {
    if let Some(token) = &state.token
        && request.authorization != Some(format!("Bearer {token}"))
    {
        return plain(401);
    }
    if let Some((status, location)) = state.redirects.get(&request.path) {
        let mut headers = state.headers.get(&request.path).cloned().unwrap_or_default();
        headers.push(("Location".to_string(), location.clone()));
        return Answer { headers, ..plain(*status) };
    }
    match request.path.strip_prefix("/api/") {
        Some(rest) => listing(state, rest),
        None => file(state, request),
    }
}

/// The fault of this name, and the answer where it is one of status.
fn fault_of(state: &mut State, name: &str) -> Result<Option<Fault>, Answer> {
    let fault = state.faults.get(name).copied();
    match fault {
        Some(Fault::Status(status)) => Err(plain(status)),
        Some(Fault::Busy { times: 0, .. }) => Ok(None),
        Some(Fault::Busy { times, seconds }) => {
            state.faults.insert(name.to_string(), Fault::Busy { times: times - 1, seconds });
            Err(Answer { headers: vec![("Retry-After".to_string(), seconds.to_string())], ..plain(429) })
        }
        Some(Fault::WrongBytesOnce) => {
            state.faults.remove(name);
            Ok(Some(Fault::WrongBytes))
        }
        other => Ok(other),
    }
}

/// `models/owner/name/revision/main`
fn listing(state: &mut State, rest: &str) -> Answer {
    let fault = match fault_of(state, LISTING) {
        Ok(fault) => fault,
        Err(answer) => return answer,
    };
    if let Some(body) = &state.listing {
        return Answer { sent: body.len(), body: body.clone(), fault, ..plain(200) };
    }
    let (repository, revision) = rest.split_once("/revision/").unwrap_or((rest, "main"));
    let Some(files) = state.repositories.get(repository) else {
        return plain(404);
    };
    let commit = &state.commits[repository];
    if revision != "main" && revision != "v1" && revision != commit {
        return plain(404);
    }
    let siblings: Vec<_> = files.keys().map(|name| serde_json::json!({ "rfilename": name })).collect();
    let body = serde_json::json!({ "sha": commit, "siblings": siblings }).to_string().into_bytes();
    let sent = if let Some(Fault::StallsAfter(bytes) | Fault::CutAfter(bytes)) = fault { bytes } else { body.len() };
    Answer { sent, body, fault, ..plain(200) }
}

/// `owner/name/resolve/<revision>/<path>`, or `datasets/owner/name/resolve/...`
fn file(state: &mut State, request: &Request) -> Answer {
    let path = request.path.trim_start_matches('/');
    let Some((repository, rest)) = path.split_once("/resolve/") else {
        return plain(404);
    };
    let repository =
        if repository.starts_with("datasets/") { repository.to_string() } else { format!("models/{repository}") };
    let name = rest.split_once('/').map_or("", |(_, name)| name).to_string();
    let facts = request.method == "HEAD";
    let known = if facts { format!("{FACTS}{name}") } else { name.clone() };
    let fault = match fault_of(state, &known) {
        Ok(fault) => fault,
        Err(answer) => return answer,
    };
    let Some(mut contents) = state.repositories.get(&repository).and_then(|files| files.get(&name)).cloned() else {
        return plain(404);
    };
    let etag = digest(&contents);
    if fault == Some(Fault::WrongBytes) {
        contents.iter_mut().for_each(|byte| *byte ^= 1);
    }
    let length = contents.len();
    let ranged = request.range.as_deref().filter(|_| fault != Some(Fault::NoLength));
    let (start, end) = wanted(ranged, length);
    if ranged.is_some() && start == length {
        return plain(416);
    }
    let start = if fault == Some(Fault::NoRanges) { 0 } else { start };
    let (mut end, mut sent) = (end, end - start);
    match fault {
        Some(Fault::CutAt(at)) => sent = at.saturating_sub(start),
        Some(Fault::CutAfter(bytes) | Fault::StallsAfter(bytes)) => sent = sent.min(bytes),
        Some(Fault::EndsAt(at)) => {
            end = at.max(start);
            sent = end - start;
        }
        _ => {}
    }
    let mut headers = vec![
        ("ETag".to_string(), format!("\"{etag}\"")),
        ("X-Repo-Commit".to_string(), state.commits[&repository].clone()),
        ("Accept-Ranges".to_string(), "bytes".to_string()),
    ];
    if ranged.is_some() {
        headers.push(("Content-Range".to_string(), format!("bytes {start}-{}/{length}", end.max(1) - 1)));
    }
    for (name, value) in state.headers.get(&name).into_iter().flatten() {
        headers.retain(|(other, _)| other != name);
        headers.push((name.clone(), value.clone()));
    }
    headers.retain(|(_, value)| !value.is_empty());
    let body = contents[start..end].to_vec();
    Answer { status: if ranged.is_some() { 206 } else { 200 }, headers, body, sent, fault }
}

/// `bytes=0-0` or `bytes=17-`
fn wanted(range: Option<&str>, length: usize) -> (usize, usize) {
    let ends = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let number = |text: &str| text.parse::<usize>().ok();
    let start = ends.and_then(|(start, _)| number(start)).unwrap_or(0).min(length);
    let end = ends.and_then(|(_, end)| number(end)).map_or(length, |last| (last + 1).min(length));
    (start, end.max(start))
}

/// Longer than any test runs.
const NEVER: Duration = Duration::from_secs(3600);

fn send(mut stream: TcpStream, request: &Request, answer: &Answer) -> std::io::Result<()> {
    match answer.fault {
        Some(Fault::Silent) => {
            std::thread::sleep(NEVER);
            return Ok(());
        }
        Some(Fault::Garbage) => return stream.write_all(b"220 mail.example ESMTP\r\n\xff\xfe\0\r\n"),
        _ => {}
    }
    let mut head = format!("HTTP/1.1 {} Answer\r\nConnection: close\r\n", answer.status);
    head.push_str("Content-Type: application/json\r\n");
    if !matches!(answer.fault, Some(Fault::NoLength | Fault::EndlessBody))
        && !answer.headers.iter().any(|(name, _)| name == "Content-Length")
    {
        head.push_str(&format!("Content-Length: {}\r\n", answer.body.len()));
    }
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(head.as_bytes())?;
    if answer.fault == Some(Fault::EndlessHeaders) {
        loop {
            stream.write_all(b"X-More: and more and more and more\r\n")?;
        }
    }
    stream.write_all(b"\r\n")?;
    if request.method == "HEAD" {
        return stream.flush();
    }
    match answer.fault {
        Some(Fault::Drips) => {
            for byte in answer.body.chunks(1) {
                stream.write_all(byte)?;
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Some(Fault::EndlessBody) => loop {
            stream.write_all(&[b' '; 4096])?;
        },
        _ => stream.write_all(&answer.body[..answer.sent])?,
    }
    stream.flush()?;
    if let Some(Fault::StallsAfter(_)) = answer.fault {
        std::thread::sleep(NEVER);
    }
    Ok(())
}
