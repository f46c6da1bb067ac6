//! Answers of a hub, byte by byte.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sweep::hub::{Hub, Patience, Remote, Watch};

use crate::driver::fuzz;
use crate::files::scratch;

struct Deaf;

impl Watch for Deaf {
    fn begin(&self, _: &str, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
    fn waiting(&self, _: &str) {}
    fn retrying(&self, _: &str, _: &str, _: Duration) {}
}

/// Sends the answers that are set, one for each connection and the last one again and again. Gives its address.
fn serve(answers: Arc<Mutex<Vec<Vec<u8>>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut line = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while reader.read_line(&mut line).is_ok_and(|length| length > 2) {
                line.clear();
            }
            let mut answers = answers.lock().unwrap();
            let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
            // A client that has gone is no concern of the hub's.
            stream.write_all(&answer).ok();
        }
    });
    address
}

const LISTING: &str = "\
HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\
{\"sha\": \"0123456789012345678901234567890123456789\", \"siblings\": [{\"rfilename\": \"config.json\"}, \
{\"rfilename\": \"model.safetensors\"}, {\"rfilename\": \"vocab.txt\"}, {\"rfilename\": \"tokenizer_config.json\"}]}";
const FILE: &str = "\
HTTP/1.1 206 Partial\r\nContent-Length: 1\r\nETag: \"abc\"\r\nX-Repo-Commit: 0123456789012345678901234567890123456789\r\n\
Accept-Ranges: bytes\r\nContent-Range: bytes 0-0/1\r\nConnection: close\r\n\r\n{";

/// A list of files and the answers to what follows, with a zero between them.
#[test]
fn hub_answers() {
    let answers = Arc::new(Mutex::new(vec![Vec::new()]));
    let endpoint = serve(answers.clone());
    let sound = [[LISTING, FILE].join("\0").into_bytes(), [LISTING, FILE, FILE, FILE].join("\0").into_bytes()];
    let words = [
        "\0",
        "\r\n",
        "Location: http://127.0.0.1:1/x\r\n",
        "HTTP/1.1 302 Found\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Content-Length: 18446744073709551615\r\n",
        "ETag: \"/tmp/x\"\r\n",
        "ETag: ..\r\n",
        "X-Repo-Commit: /tmp\r\n",
        "Content-Range: bytes 0-0/1099511627776\r\n",
        "../",
        "{\"rfilename\": \"a/../../b\"}, ",
        "\"siblings\": ",
        "206",
        "416",
        "X-Linked-Size: -1\r\n",
        "X-Linked-Etag: \"00\"\r\n",
    ];
    let folder = scratch();
    let outside: PathBuf = folder.path().join("untouched");
    std::fs::write(&outside, "x").unwrap();
    fuzz("hub_answers", &sound, &words, |input| {
        *answers.lock().unwrap() = input.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
        let cache = folder.path().join("cache");
        std::fs::remove_dir_all(&cache).ok();
        let mut hub = Hub::at(cache, folder.path().join("no-package"), None);
        let mut remote = Remote::at(&endpoint, Arc::new(Deaf)).unwrap().with_token("secret");
        let soon = Duration::from_millis(200);
        remote.patience = Patience { answers: soon, downloads: soon, pause: Duration::from_millis(1) };
        hub.remote = Some(remote);
        let found = hub.model("acme/tiny");
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(names.iter().all(|name| name == "untouched" || name == "cache"), "written outside: {names:?}");
        assert_eq!(std::fs::read_to_string(&outside).unwrap(), "x");
        let told = found.map_or_else(|error| error.to_string(), |_| "found".to_owned());
        assert!(!told.contains("secret"), "{told}");
        told
    });
}
