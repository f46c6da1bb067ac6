//! The server: where it listens, its threads, its end.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::thread::JoinHandle;

use super::access::{Access, Hosts, Token};
use super::error::DashboardError;
use super::live::{Pulse, Sweeps, watch};
use super::options::{Options, Port};
use super::routes::routes;
use super::shared::Shared;
use super::texts::Texts;
use super::weighed::Weighed;

/// Ports that are tried after the first one.
const MORE_PORTS: u16 = 20;
/// Threads that answer; files are read on others.
const THREADS: usize = 2;

/// A server that listens and has not answered yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    host: String,
    shared: Arc<Shared>,
    watcher: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens, and begins to look at the files.
    ///
    /// # Errors
    /// Nobody may listen there, or there is no such results folder, or others could read without a token.
    pub fn start(options: &Options, texts: Box<dyn Texts>) -> Result<Self, DashboardError> {
        if !options.results.is_dir() {
            return Err(DashboardError::NoResults { path: options.results.clone() });
        }
        let listener = listen(&options.host, options.port)?;
        let address = listener.local_addr().map_err(DashboardError::Serve)?;
        if options.token.is_none() && !address.ip().is_loopback() {
            return Err(DashboardError::OpenToOthers { host: options.host.clone() });
        }
        let hosts = Hosts::new(&[address], names(options, address.ip()));
        let pulse = Arc::new(Pulse::new());
        let shared = Arc::new(Shared {
            start: Token::draw()?.expose()[..12].to_owned(),
            results: options.results.clone(),
            who: options.who.clone(),
            access: Access { hosts, token: options.token.clone() },
            sweeps: Sweeps::default(),
            pulse,
            weighed: Weighed::default(),
            texts,
        });
        let (watched, pause) = (Arc::clone(&shared), options.look);
        let watcher = std::thread::Builder::new()
            .name("dashboard".to_owned())
            .spawn(move || watch(&watched.results, &watched.sweeps, &watched.pulse, pause))
            .map_err(DashboardError::Serve)?;
        Ok(Self { listener, address, host: options.host.clone(), shared, watcher: Some(watcher) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to open in a browser.
    pub fn url(&self) -> String {
        let ip = self.address.ip();
        let host = match ip {
            _ if ip.is_unspecified() => machine().unwrap_or_else(|| self.host.clone()),
            IpAddr::V6(ip) => format!("[{ip}]"),
            IpAddr::V4(ip) => ip.to_string(),
        };
        let token = self.shared.access.token.as_ref();
        let query = token.map_or_else(String::new, |token| format!("?token={}", token.expose()));
        format!("http://{host}:{}/{query}", self.address.port())
    }

    /// Answers until the process ends.
    ///
    /// # Errors
    /// The system does not let it.
    pub fn serve(mut self) -> Result<(), DashboardError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .enable_all()
            .build()
            .map_err(DashboardError::Serve)?;
        let shared = Arc::clone(&self.shared);
        let listener = self.listener.try_clone().map_err(DashboardError::Serve)?;
        let served = runtime.block_on(async move {
            listener.set_nonblocking(true)?;
            axum::serve(tokio::net::TcpListener::from_std(listener)?, routes(shared)).await
        });
        self.shared.pulse.end();
        if let Some(watcher) = self.watcher.take() {
            // What it panicked with was told by then.
            let _ = watcher.join();
        }
        served.map_err(DashboardError::Serve)
    }
}

/// The names that the server may be called by, beside addresses.
fn names(options: &Options, ip: IpAddr) -> Vec<String> {
    let mut names = options.names.clone();
    if options.host.parse::<IpAddr>().is_err() {
        names.push(options.host.clone());
    }
    // Who listens to others is called by the machine's name.
    names.extend(machine().filter(|_| !ip.is_loopback()));
    names
}

fn machine() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}

fn listen(host: &str, port: Port) -> Result<TcpListener, DashboardError> {
    let (first, more) = match port {
        Port::From(port) => (port, MORE_PORTS),
        Port::Exactly(port) => (port, 0),
    };
    let mut taken = None;
    for port in first..=first.saturating_add(more) {
        let addresses: Vec<SocketAddr> = (host, port)
            .to_socket_addrs()
            .map_err(|source| DashboardError::Host { host: host.to_owned(), source })?
            .collect();
        match TcpListener::bind(&addresses[..]) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => taken = Some(error),
            Err(source) if port < 1024 && source.kind() == io::ErrorKind::PermissionDenied => {
                return Err(DashboardError::Port { port, source });
            }
            Err(source) => return Err(DashboardError::Host { host: host.to_owned(), source }),
        }
    }
    let source = taken.unwrap_or_else(|| io::Error::from(io::ErrorKind::AddrInUse));
    Err(DashboardError::Port { port: first, source })
}
