//! A valve in a connection's way: passes on what comes, holds it, slows it, or cuts it off.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What happens to the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Open,
    /// Each piece waits so long first.
    Slow(Duration),
    /// Connections are taken and stay; nothing passes.
    Stalled,
    /// Connections are cut off, new ones at once.
    Cut,
}

/// Where what passes goes.
#[derive(Debug, Clone)]
pub enum Target {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// Listens until the test ends.
pub struct Valve {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    turned: Condvar,
}

struct State {
    flow: Flow,
    target: Target,
    open: Vec<Wire>,
    taken: usize,
}

impl Valve {
    /// In front of a TCP port; gives the port where it listens.
    pub fn tcp(target: SocketAddr) -> (Self, u16) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let valve = Self::over(Target::Tcp(target), move || listener.accept().ok().map(|(wire, _)| Wire::Tcp(wire)));
        (valve, port)
    }

    /// In front of a PostgreSQL server's Unix socket in `server`; listens in `folder` under the same name.
    pub fn postgres(folder: &Path, server: &Path) -> Self {
        const SOCKET: &str = ".s.PGSQL.5432";
        let listener = UnixListener::bind(folder.join(SOCKET)).expect("a socket");
        let target = Target::Unix(server.join(SOCKET));
        Self::over(target, move || listener.accept().ok().map(|(wire, _)| Wire::Unix(wire)))
    }

    fn over(target: Target, accept: impl Fn() -> Option<Wire> + Send + 'static) -> Self {
        let state = State { flow: Flow::Open, target, open: Vec::new(), taken: 0 };
        let shared = Arc::new(Shared { state: Mutex::new(state), turned: Condvar::new() });
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            while let Some(wire) = accept() {
                theirs.take(wire);
            }
        });
        Self { shared }
    }

    pub fn set(&self, flow: Flow) {
        let mut state = self.shared.lock();
        state.flow = flow;
        if flow == Flow::Cut {
            state.open.drain(..).for_each(|wire| wire.close());
        }
        drop(state);
        self.shared.turned.notify_all();
    }

    /// New connections go here from now on.
    pub fn direct(&self, target: Target) {
        self.shared.lock().target = target;
    }

    /// How many connections were made so far.
    pub fn taken(&self) -> usize {
        self.shared.lock().taken
    }
}

impl Drop for Valve {
    fn drop(&mut self) {
        self.set(Flow::Cut);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(self: &Arc<Self>, near: Wire) {
        let mut state = self.lock();
        state.taken += 1;
        if state.flow == Flow::Cut {
            return near.close();
        }
        let Some(far) = Wire::to(&state.target) else { return near.close() };
        state.open.extend([near.again(), far.again()]);
        drop(state);
        for (from, to) in [(near.again(), far.again()), (far, near)] {
            let shared = Arc::clone(self);
            std::thread::spawn(move || shared.pass(from, to));
        }
    }

    fn pass(&self, mut from: Wire, mut to: Wire) {
        let mut piece = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut piece) {
            let mut state = self.lock();
            while state.flow == Flow::Stalled {
                state = self.turned.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            let flow = state.flow;
            drop(state);
            match flow {
                Flow::Cut => break,
                Flow::Slow(time) => std::thread::sleep(time),
                Flow::Open | Flow::Stalled => {}
            }
            if to.write_all(&piece[..count]).is_err() {
                break;
            }
        }
        from.close();
        to.close();
    }
}

enum Wire {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Wire {
    fn to(target: &Target) -> Option<Self> {
        match target {
            Target::Tcp(address) => TcpStream::connect(address).ok().map(Self::Tcp),
            Target::Unix(path) => UnixStream::connect(path).ok().map(Self::Unix),
        }
    }

    fn again(&self) -> Self {
        match self {
            Self::Tcp(wire) => Self::Tcp(wire.try_clone().expect("a second handle")),
            Self::Unix(wire) => Self::Unix(wire.try_clone().expect("a second handle")),
        }
    }

    fn close(&self) {
        let _ = match self {
            Self::Tcp(wire) => wire.shutdown(Shutdown::Both),
            Self::Unix(wire) => wire.shutdown(Shutdown::Both),
        };
    }

    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Tcp(wire) => wire.read(into),
            Self::Unix(wire) => wire.read(into),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Tcp(wire) => wire.write_all(bytes),
            Self::Unix(wire) => wire.write_all(bytes),
        }
    }
}
