//! Stopping, deleting and starting again work from every state.

use super::*;
use std::net::TcpListener;

const STATES: [&str; 9] = [
    "the spec is refused",
    "an extension is missing",
    "the port is taken",
    "the data folder is moved away",
    "the whole folder is moved away",
    "provisioning is half done",
    "the state file is damaged",
    "the package is removed",
    "the standby is paused",
];

/// One instance in one of the states.
struct Case {
    fixture: Fixture,
    state: &'static str,
    taken: TcpListener,
    kept: Vec<u8>,
}

impl Case {
    async fn new(state: &'static str) -> Option<Self> {
        let mut fixture = Fixture::new().await?;
        let packages = fixture.folder.path().join("packages");
        std::fs::create_dir(&packages).expect("a folder");
        fixture.options.packages = packages;
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let case = Self { fixture, state, taken, kept: Vec::new() };
        std::os::unix::fs::symlink("/usr/lib/postgresql/15", case.package()).expect("a link");
        Some(case)
    }

    fn package(&self) -> PathBuf {
        self.fixture.options.packages.join("15")
    }

    fn folder(&self) -> PathBuf {
        self.fixture.root().join("instances").join(UID)
    }

    fn file(&self) -> PathBuf {
        self.folder().join("state.json")
    }

    fn elsewhere(&self) -> PathBuf {
        self.fixture.folder.path().join("root/elsewhere")
    }

    fn whole(&self) -> Desired {
        let instances = if self.state == "the standby is paused" { 2 } else { 1 };
        Desired { instances, superuser_access: true, ..desired() }
    }

    /// Brings the state about, and gives what is wanted in it.
    async fn spoil(&mut self, new: bool) -> Desired {
        let wanted = self.whole();
        if self.state == "provisioning is half done" && new {
            let wish = Desired { parameters: with_parameter("work_mem", "much").parameters, ..wanted };
            self.fixture.local().ensure(&wish).await.expect_err("refused");
            return wish;
        }
        let observed = self.fixture.ensure(&wanted).await;
        match self.state {
            "the spec is refused" => {
                return Desired { parameters: with_parameter("ssl", "on").parameters, ..wanted };
            }
            "an extension is missing" => {
                let mut wish = wanted;
                let missing = Extension { name: "nonesuch".to_owned(), version: None, schema: None };
                wish.databases[0].extensions.push(missing);
                return wish;
            }
            "the port is taken" => {
                let port = self.taken.local_addr().expect("its address").port();
                return Desired { port: Some(port), ..wanted };
            }
            "the data folder is moved away" => {
                std::fs::rename(self.fixture.data(0), self.elsewhere()).expect("moved");
            }
            "the whole folder is moved away" => {
                std::fs::rename(self.folder(), self.elsewhere()).expect("moved");
            }
            "the state file is damaged" => {
                self.kept = std::fs::read(self.file()).expect("the state");
                std::fs::write(self.file(), "{").expect("written");
            }
            "the package is removed" => std::fs::remove_file(self.package()).expect("removed"),
            "the standby is paused" => {
                let endpoint = observed.read_only.as_ref().expect("a standby");
                let login = observed.superuser.as_ref().expect("its login");
                let standby = try_connect(endpoint, login).await.expect("connected");
                standby.batch_execute("SELECT pg_wal_replay_pause()").await.expect("paused");
            }
            _ => {}
        }
        wanted
    }

    /// What a person does about it.
    fn mend(&self) {
        match self.state {
            "the data folder is moved away" => {
                std::fs::rename(self.elsewhere(), self.fixture.data(0)).expect("moved back");
            }
            "the whole folder is moved away" => {
                std::fs::rename(self.elsewhere(), self.folder()).expect("moved back");
            }
            "the state file is damaged" => std::fs::write(self.file(), &self.kept).expect("restored"),
            "the package is removed" => {
                std::os::unix::fs::symlink("/usr/lib/postgresql/15", self.package()).expect("installed");
            }
            _ => {}
        }
    }

    /// The processes that were started below the data root.
    fn processes(&self) -> Vec<String> {
        let root = self.fixture.root();
        let commands = std::fs::read_dir("/proc").expect("processes").flatten();
        let commands = commands.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
        let commands = commands.map(|command| String::from_utf8_lossy(&command).replace('\0', " "));
        commands.filter(|command| command.contains(&*root.to_string_lossy())).collect()
    }

    async fn run(mut self) {
        let state = self.state;
        self.fixture.reopen().await;
        let wish = self.spoil(true).await;
        let stopped = self.fixture.local().keep(&Desired { stopped: true, ..wish }).await;
        assert_eq!(self.processes(), Vec::<String>::new(), "stopped while {state}: {stopped:?}");
        if !["the state file is damaged", "the whole folder is moved away"].contains(&state) {
            let seen = self.fixture.local().observe(UID).await.expect("observed");
            assert_eq!(seen.reason, Phase::Stopped, "while {state}");
        }
        self.mend();
        let again = self.fixture.local().keep(&self.whole()).await;
        assert!(again.as_ref().is_ok_and(|again| again.ready), "started again after {state}: {again:?}");
        self.spoil(false).await;
        let removed = self.fixture.local().remove(UID, RemovePolicy::Delete).await;
        assert!(removed.is_ok(), "deleted while {state}: {removed:?}");
        assert_eq!(self.processes(), Vec::<String>::new(), "deleted while {state}");
        assert!(!self.folder().exists(), "{state}");
    }
}

#[tokio::test]
async fn stop_start_and_delete_work_from_every_state() {
    for state in STATES {
        let Some(case) = Case::new(state).await else { return };
        case.run().await;
    }
}
