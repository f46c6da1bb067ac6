//! A server over made-up results, and requests by hand.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use sweep::dashboard::{NoTexts, Options, Port, Server, Texts, Token};
use sweep::spec::RunSpec;

use crate::report_support::{Arm, Fake, Fate};

pub const TOKEN: &str = "a-token-for-tests-only";

/// Texts that nobody wrote for these data.
pub struct MadeUp;

impl Texts for MadeUp {
    fn texts(&self, _: &RunSpec, digest: &str, test: bool) -> Result<Arc<HashMap<usize, String>>, NoTexts> {
        assert!(!digest.is_empty());
        let text = |row: usize| format!("<img src=x onerror=alert({row})> row {row} of test {test}");
        Ok(Arc::new((0..2_000).map(|row| (row, text(row))).collect()))
    }
}

/// A server that is asked by tests.
pub struct Served {
    pub address: SocketAddr,
    pub url: String,
    results: Folder,
}

enum Folder {
    Own(tempfile::TempDir),
    Given(PathBuf),
}

/// Three configurations with runs in several states.
pub fn little() -> Fake {
    let fates = [Fate::Completes, Fate::Completes, Fate::Stops(2)];
    let mut fake = Fake::new(
        "little",
        vec![
            Arm::new("base", 0.9, |_| {}),
            Arm::new("rank=64", 0.92, |spec| spec.rank = 64).fates(&fates),
            Arm::new("rank=4", 0.85, |spec| spec.rank = 4).fates(&[Fate::Diverges(1), Fate::Fails, Fate::Pending]),
        ],
    );
    fake.examples = 120;
    fake
}

impl Served {
    /// Serves sweeps from a folder of their own.
    pub fn sweeps(fakes: &[Fake]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for fake in fakes {
            fake.write(folder.path());
        }
        Self::start(Folder::Own(folder), Some(Token::parse(TOKEN).unwrap()))
    }

    pub fn folder(folder: &Path, token: Option<Token>) -> Self {
        Self::start(Folder::Given(folder.to_owned()), token)
    }

    fn start(results: Folder, token: Option<Token>) -> Self {
        let options = Options {
            results: results.path().to_owned(),
            host: "127.0.0.1".to_owned(),
            port: Port::Exactly(0),
            token,
            names: vec!["hub.example.org".to_owned()],
            who: "ada, on the dashboard".to_owned(),
            look: Duration::from_millis(50),
        };
        let server = Server::start(&options, Box::new(MadeUp)).unwrap();
        let (address, url) = (server.address(), server.url());
        // Until the tests end.
        std::thread::spawn(move || server.serve().unwrap());
        Self { address, url, results }
    }

    pub fn results(&self) -> &Path {
        self.results.path()
    }

    /// Asks as the page does.
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[&self.bearer()], "")
    }

    /// The answer as JSON, when the files have been looked at.
    pub fn json(&self, path: &str) -> Value {
        self.until_read();
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        serde_json::from_str(&answer.body).unwrap()
    }

    pub fn until_read(&self) {
        let is_read = || {
            let told: Value = serde_json::from_str(&self.get("/api/state").body).unwrap();
            told["is_read"] == true
        };
        while !is_read() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn bearer(&self) -> String {
        format!("Authorization: Bearer {TOKEN}")
    }

    /// Sends a request with these headers beside `Host`; a `Host` among them takes its place.
    pub fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let mut answer = String::new();
        self.send(method, path, headers, body, "close").read_to_string(&mut answer).unwrap();
        Answer::parse(&answer)
    }

    fn send(&self, method: &str, path: &str, headers: &[&str], body: &str, connection: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut request = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|header| header.starts_with("Host:")) {
            request.push_str(&format!("Host: {}\r\n", self.address));
        }
        for header in headers.iter().filter(|header| !header.is_empty()) {
            request.push_str(&format!("{header}\r\n"));
        }
        let length = body.len();
        request.push_str(&format!("Connection: {connection}\r\nContent-Length: {length}\r\n\r\n{body}"));
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    /// Listens to events.
    pub fn listen(&self, query: &str) -> Events {
        let stream = self.send("GET", &format!("/api/events?{query}"), &[&self.bearer()], "", "keep-alive");
        Events(BufReader::new(stream))
    }
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Own(folder) => folder.path(),
            Self::Given(folder) => folder,
        }
    }
}

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_lowercase(), v.to_owned()));
        Self { status, headers: headers.collect(), body: body.to_owned() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Server-sent events as they come.
pub struct Events(BufReader<TcpStream>);

impl Events {
    /// The next event: its name and its data.
    pub fn next(&mut self) -> (String, String) {
        let (mut name, mut data) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream ended");
            let line = line.trim_end_matches(['\r', '\n']);
            if let Some(found) = line.strip_prefix("event: ") {
                name = found.to_owned();
            } else if let Some(found) = line.strip_prefix("data: ") {
                data = found.to_owned();
            } else if line.is_empty() && !name.is_empty() {
                return (name, data);
            }
        }
    }

    /// The next event of a name, as JSON where it has data; others are passed over.
    pub fn next_of(&mut self, wanted: &str) -> Value {
        loop {
            let (name, data) = self.next();
            if name == wanted {
                return serde_json::from_str(&data).unwrap_or(Value::Null);
            }
        }
    }
}
