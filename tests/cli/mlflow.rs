//! What an MLflow server is told, by a server that keeps what it gets and loses answers on demand.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sweep::spec::RunId;
use sweep::store::Store;
use sweep::tracking::{Mlflow, Subject, Tracker, begun_runs, tensorboard};

use crate::support::Place;

/// A run as the server has it.
#[derive(Clone, Debug, Default)]
struct Kept {
    tags: serde_json::Map<String, Value>,
    status: String,
    /// Epochs of `train_loss`, as they came.
    epochs: Vec<u64>,
}

#[derive(Default)]
struct Server {
    address: String,
    runs: Mutex<Vec<Kept>>,
    /// Answers to the creation of a nested run that are going to be lost.
    lost: Mutex<usize>,
}

impl Server {
    fn start(lost: usize) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = Arc::new(Self { address, lost: Mutex::new(lost), ..Self::default() });
        let serving = server.clone();
        std::thread::spawn(move || listener.incoming().for_each(|stream| serving.serve(stream.unwrap())));
        server
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut lines = (&mut reader).lines().map_while(Result::ok);
        let Some(request) = lines.next() else { return };
        let mut length = 0;
        for header in lines.take_while(|line| !line.is_empty()) {
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let path = request.split(' ').nth(1).unwrap().split('?').next().unwrap();
        let Some(answer) = self.answer(path, &serde_json::from_slice(&body).unwrap_or_default()) else { return };
        let (status, text) = (if answer.is_null() { "404 Not Found" } else { "200 OK" }, answer.to_string());
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", text.len());
        stream.write_all((head + &text).as_bytes()).ok();
    }

    /// None where the answer is lost.
    fn answer(&self, path: &str, body: &Value) -> Option<Value> {
        let mut runs = self.runs.lock().unwrap();
        let number = || body["run_id"].as_str().unwrap().parse::<usize>().unwrap();
        let tags = || {
            body["tags"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|tag| (tag["key"].as_str().unwrap().to_owned(), tag["value"].clone()))
        };
        match path.rsplit_once("/mlflow/").unwrap().1 {
            "experiments/get-by-name" => return Some(Value::Null),
            "experiments/create" => return Some(json!({"experiment_id": "1"})),
            "runs/search" => {
                let found: Vec<Value> = (0..runs.len()).map(|number| described(&runs, number)).collect();
                return Some(json!({"runs": found}));
            }
            "runs/create" => {
                runs.push(Kept { tags: tags().collect(), status: "RUNNING".to_owned(), epochs: Vec::new() });
                let mut lost = self.lost.lock().unwrap();
                if *lost > 0 && tags().any(|(key, _)| key == "sweep.run") {
                    *lost -= 1;
                    return None;
                }
                return Some(json!({"run": described(&runs, runs.len() - 1)}));
            }
            "runs/update" => runs[number()].status = body["status"].as_str().unwrap().to_owned(),
            "runs/log-batch" => {
                let kept = &mut runs[number()];
                kept.tags.extend(tags());
                let metrics = body["metrics"].as_array().into_iter().flatten();
                let losses = metrics.filter(|metric| metric["key"] == "train_loss");
                kept.epochs.extend(losses.map(|metric| metric["step"].as_u64().unwrap()));
            }
            other => panic!("{other}"),
        }
        Some(json!({}))
    }

    fn mlflow(&self) -> Mlflow {
        Mlflow::new(self.address.parse().unwrap())
    }

    /// The nested runs, by the id of the run.
    fn nested(&self) -> Vec<(String, Kept)> {
        let runs = self.runs.lock().unwrap();
        let of = |kept: &Kept| Some((kept.tags.get("sweep.run")?.as_str()?.to_owned(), kept.clone()));
        let mut nested: Vec<_> = runs.iter().filter_map(of).collect();
        nested.sort_by(|a, b| a.0.cmp(&b.0));
        nested
    }

    /// The state and the epochs of the only run of this id.
    fn told(&self, run: &RunId) -> (String, Vec<u64>) {
        let mut found = self.nested();
        found.retain(|(id, _)| *id == run.0);
        let [(_, kept)] = found.try_into().unwrap();
        (kept.status, kept.epochs)
    }
}

fn described(runs: &[Kept], number: usize) -> Value {
    let tags: Vec<Value> = runs[number].tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    json!({"info": {"run_id": number.to_string(), "artifact_uri": "file:/elsewhere"}, "data": {"tags": tags}})
}

fn store(place: &Place) -> Store {
    Store::open(&place.path("results/little")).unwrap()
}

/// As a running sweep does, which keeps what it knows of the server.
#[test]
fn a_run_whose_answer_was_lost_is_there_once() {
    let (place, server) = (Place::new(), Server::start(1));
    place.mock(&["--only", "base"]).assert().success();
    let (store, mut mlflow) = (store(&place), server.mlflow());
    let begun: Vec<RunId> = begun_runs(&store).unwrap();
    mlflow.update(&store, &begun[0]).unwrap_err();
    for run in &begun {
        mlflow.update(&store, run).unwrap();
        assert_eq!(server.told(run), ("FINISHED".to_owned(), vec![1, 2]));
    }
    place.sweep_mock(&["send", "results", "--mlflow", &server.address]).assert().success();
    assert_eq!(server.nested().len(), begun.len());
}

/// Two hosts, or `sweep send` beside a sweep that is worked on: each has looked before the other made a run.
#[test]
fn a_run_that_somebody_else_made_is_not_made_again() {
    let (place, server) = (Place::new(), Server::start(0));
    place.mock(&["--only", "base"]).assert().success();
    let store = store(&place);
    let begun: Vec<RunId> = begun_runs(&store).unwrap();
    let (mut one, mut other) = (server.mlflow(), server.mlflow());
    one.update(&store, &begun[0]).unwrap();
    other.update(&store, &begun[1]).unwrap();
    one.update(&store, &begun[1]).unwrap();
    other.update(&store, &begun[0]).unwrap();
    assert_eq!(server.nested().len(), 2);
    for run in &begun[..2] {
        assert_eq!(server.told(run), ("FINISHED".to_owned(), vec![1, 2]));
    }
}

#[test]
fn a_run_that_is_extended_runs_again_and_its_epochs_are_told_as_they_come() {
    let (place, server) = (Place::new(), Server::start(0));
    let mut launch = place.mock(&["--launch", "slurm"]);
    // The plan stands, and nothing is trained.
    launch.env("PATH", place.path("model")).assert().code(2);
    place.sweep_mock(&["stop", "base, seed=2"]).assert().success();
    place.mock(&["--extend", "base, seed=2", "--epochs", "1"]).assert().success();
    let planned = store(&place);
    let run = planned.record().runs.iter().find(|entry| entry.label == "base, seed=2").unwrap().id.clone();
    let (path, folder) = (planned.layout().run(&run).result_json(), planned.layout().run(&run));
    let mut mlflow = server.mlflow();
    mlflow.update(&planned, &run).unwrap();
    assert_eq!(server.told(&run), ("FINISHED".to_owned(), vec![1]), "it goes no further by itself");
    let stopped = std::fs::read(&path).unwrap();

    place.sweep_mock(&["extend", "base, seed=2"]).assert().success();
    mlflow.update(&store(&place), &run).unwrap();
    assert_eq!(server.told(&run), ("RUNNING".to_owned(), vec![1]));
    place.mock(&[]).assert().success();

    // As on the way: the epochs are there, and the result is still the old one.
    let completed = std::fs::read(&path).unwrap();
    std::fs::write(&path, stopped).unwrap();
    assert!(folder.metrics_csv().exists());
    for mlflow in [&mut mlflow, &mut server.mlflow()] {
        mlflow.update(&store(&place), &run).unwrap();
        assert_eq!(server.told(&run), ("RUNNING".to_owned(), vec![1, 2]));
    }
    let events = || tensorboard::event_file(&Subject::read(&store(&place), &run).unwrap().unwrap());
    let on_the_way = events();
    std::fs::write(&path, completed).unwrap();
    mlflow.update(&store(&place), &run).unwrap();
    assert_eq!(server.told(&run), ("FINISHED".to_owned(), vec![1, 2]));
    assert!(events().starts_with(&on_the_way) && events() != on_the_way, "its end is appended");
}
