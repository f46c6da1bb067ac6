//! A hub on this machine: answers what the real one answers to listings and downloads, and fails as told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What goes wrong with a file.
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
}

#[derive(Default)]
struct State {
    /// By `models/owner/name` or `datasets/owner/name`, then by path.
    repositories: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    commits: BTreeMap<String, String>,
    /// By the path of the file.
    faults: BTreeMap<String, Fault>,
    /// The status of listings, where it is not 200.
    listing_status: Option<u16>,
    token: Option<String>,
    requests: Vec<String>,
}

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

    pub fn listings_answer(&self, status: Option<u16>) {
        self.state.lock().unwrap().listing_status = status;
    }

    /// Every request must bear this token.
    pub fn ask_for_token(&self, token: &str) {
        self.state.lock().unwrap().token = Some(token.to_string());
    }

    /// Paths asked for since the last time.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().requests)
    }
}

/// Answers one request; the connection is closed after it.
fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    if reader.read_line(&mut line).is_err() || line.is_empty() {
        return;
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_string();
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
    let mut state = state.lock().unwrap();
    state.requests.push(path.clone());
    let answer = answer(&state, &path, &headers);
    drop(state);
    // A client that has gone is no concern of the hub's.
    let _ = send(stream, &answer);
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Bytes of the body that are really sent.
    sent: usize,
}

fn plain(status: u16) -> Answer {
    Answer { status, headers: Vec::new(), body: b"{}".to_vec(), sent: 2 }
}

fn answer(state: &State, path: &str, headers: &BTreeMap<String, String>) -> Answer {
    if let Some(token) = &state.token
        && headers.get("authorization") != Some(&format!("Bearer {token}"))
    {
        return plain(401);
    }
    match path.strip_prefix("/api/") {
        Some(rest) => listing(state, rest),
        None => file(state, path.trim_start_matches('/'), headers.get("range").map(String::as_str)),
    }
}

/// `models/owner/name/revision/main`
fn listing(state: &State, rest: &str) -> Answer {
    if let Some(status) = state.listing_status {
        return plain(status);
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
    Answer { status: 200, headers: Vec::new(), sent: body.len(), body }
}

/// `owner/name/resolve/<revision>/<path>`, or `datasets/owner/name/resolve/...`
fn file(state: &State, path: &str, range: Option<&str>) -> Answer {
    let Some((repository, rest)) = path.split_once("/resolve/") else {
        return plain(404);
    };
    let repository =
        if repository.starts_with("datasets/") { repository.to_string() } else { format!("models/{repository}") };
    let name = rest.split_once('/').map_or("", |(_, name)| name);
    let Some(contents) = state.repositories.get(&repository).and_then(|files| files.get(name)) else {
        return plain(404);
    };
    let fault = state.faults.get(name).copied();
    if let Some(Fault::Status(status)) = fault {
        return plain(status);
    }
    let (start, end) = wanted(range, contents.len());
    let probe = end == 1;
    let start = if fault == Some(Fault::NoRanges) && !probe { 0 } else { start };
    let (mut end, mut sent) = (end, end - start);
    match fault.filter(|_| !probe) {
        Some(Fault::CutAt(at)) => sent = at.saturating_sub(start),
        Some(Fault::CutAfter(bytes)) => sent = sent.min(bytes),
        Some(Fault::EndsAt(at)) => {
            end = at.max(start);
            sent = end - start;
        }
        _ => {}
    }
    let headers = vec![
        ("ETag", format!("\"{:016x}\"", digest(contents))),
        ("X-Repo-Commit", state.commits[&repository].clone()),
        ("Accept-Ranges", "bytes".to_string()),
        ("Content-Range", format!("bytes {start}-{}/{}", end.max(1) - 1, contents.len())),
    ];
    Answer { status: if range.is_some() { 206 } else { 200 }, headers, body: contents[start..end].to_vec(), sent }
}

/// `bytes=0-0` or `bytes=17-`
fn wanted(range: Option<&str>, length: usize) -> (usize, usize) {
    let ends = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let number = |text: &str| text.parse::<usize>().ok();
    let start = ends.and_then(|(start, _)| number(start)).unwrap_or(0).min(length);
    let end = ends.and_then(|(_, end)| number(end)).map_or(length, |last| (last + 1).min(length));
    (start, end.max(start))
}

/// FNV-1a.
fn digest(contents: &[u8]) -> u64 {
    contents.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn send(mut stream: TcpStream, answer: &Answer) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Answer\r\nConnection: close\r\n", answer.status);
    head.push_str(&format!("Content-Length: {}\r\nContent-Type: application/json\r\n", answer.body.len()));
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(head.as_bytes())?;
    stream.write_all(b"\r\n")?;
    stream.write_all(&answer.body[..answer.sent])?;
    stream.flush()
}
