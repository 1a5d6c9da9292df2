//! A PostgreSQL cluster of a test's own, to be stopped and started under a server.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::server::free_port;

pub struct Cluster {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Cluster {
    /// Made and started. Its programs refuse to run as root, and are run as `postgres` then.
    pub fn start() -> Self {
        let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed");
        let mut versions: Vec<_> = versions.map(|entry| entry.unwrap().path()).collect();
        versions.sort();
        let cluster = Self {
            programs: versions.last().expect("PostgreSQL is installed").join("bin"),
            folder: TempDir::with_prefix_in("cho-ocop-pg", "/tmp").unwrap(),
            port: free_port(),
        };
        if is_root() {
            let folder = cluster.folder.path();
            assert!(Command::new("chown").arg("postgres").arg(folder).status().unwrap().success());
        }
        cluster.run("initdb", &["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]);
        cluster.start_again();
        cluster
    }

    /// A replica that streams from this one.
    #[must_use]
    pub fn standby(&self) -> Self {
        let folder = TempDir::with_prefix_in("cho-ocop-standby", "/tmp").unwrap();
        let standby = Self { programs: self.programs.clone(), folder, port: free_port() };
        let own = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(standby.folder.path(), own).unwrap();
        if is_root() {
            assert!(Command::new("chown").arg("postgres").arg(standby.folder.path()).status().unwrap().success());
        }
        let from = self.port.to_string();
        let arguments =
            ["-R", "-h", "127.0.0.1", "-p", &from, "-U", "postgres", "-X", "stream", "-c", "fast", "--no-sync"];
        standby.run("pg_basebackup", &arguments);
        standby.start_again();
        standby
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    pub fn start_again(&self) {
        let folder = self.folder.path().display();
        let options = format!("-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}", self.port);
        let log = self.folder.path().join("log").display().to_string();
        self.run("pg_ctl", &["-w", "-l", &log, "-o", &options, "start"]);
    }

    /// `fast` ends sessions with a word (57P01), `immediate` is a crash.
    pub fn stop(&self, mode: &str) {
        self.run("pg_ctl", &["-w", "-m", mode, "stop"]);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/").arg("-D").arg(self.folder.path()).args(arguments);
        // What a server started here writes must not hold up whoever reads our own output.
        let output = std::fs::File::create(std::env::temp_dir().join(format!("cluster-{}.log", self.port))).unwrap();
        let status = command.stdout(output.try_clone().unwrap()).stderr(output).status().unwrap();
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        assert!(status.success(), "{command:?}: {status}\n{log}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.folder.path().join("postmaster.pid").exists() {
            self.stop("immediate");
        }
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0"))
}
