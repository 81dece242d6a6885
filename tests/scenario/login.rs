//! People log in to `registryctl` and `kmctl` with a browser, as they would at Keycloak: authorization code with PKCE,
//! a password, a one-time password. The test is the browser.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use km_tests::call::https;
use km_tests::program::{self, Ran, run};
use km_tests::settings::{factor_file, secret_file};
use km_tests::{Answer, Client, System, on_both};
use serde_json::json;

/// A login that has begun: the program waits for the browser.
struct Begun {
    program: std::process::Child,
    errors: BufReader<std::process::ChildStderr>,
    /// Where the person is to go, without the issuer's name.
    path: String,
}

fn begin(system: &System, mut command: Command, level: Option<&str>) -> Begun {
    command.args(["login", "--browser"]).args(level.iter().flat_map(|level| ["--level", level]));
    let mut program =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
    let mut errors = BufReader::new(program.stderr.take().expect("its messages"));
    let mut told = String::new();
    let path = loop {
        let mut line = String::new();
        assert_ne!(errors.read_line(&mut line).expect("a line"), 0, "no address: {told}");
        if let Some(path) = line.trim().strip_prefix(system.issuer()) {
            break path.to_owned();
        }
        told += &line;
    };
    Begun { program, errors, path }
}

impl Begun {
    fn end(mut self) -> Ran {
        let (mut output, mut errors) = (String::new(), String::new());
        self.program.stdout.take().expect("its answer").read_to_string(&mut output).expect("text");
        self.errors.read_to_string(&mut errors).expect("text");
        let code = self.program.wait().expect("the program ends").code();
        Ran { code, output, errors }
    }
}

fn browser(system: &System) -> Client {
    Client::new(https(&system.public("ca.pem"), None), system.issuer())
}

/// Fills in the page's form and sends it; the answer is that of the page where the browser ends up.
fn fill_in(system: &System, page: &Answer, who: &str, password: &str, code: &str) -> Answer {
    let unescaped = |text: &str| {
        text.replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    };
    let text = page.text();
    let hidden = text.split("<input type=\"hidden\" name=\"").skip(1).map(|input| {
        let (name, rest) = input.split_once("\" value=\"").expect("a name");
        (name.to_owned(), unescaped(rest.split('"').next().expect("a value")))
    });
    let own = [("username", who), ("password", password), ("otp", code)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let form: Vec<_> = hidden.chain(own).map(|(name, value)| format!("{name}={}", encoded(&value))).collect();
    browser(system).send("POST", "/authorize", Some("application/x-www-form-urlencoded"), form.join("&").into_bytes())
}

fn password(system: &System, who: &str) -> String {
    std::fs::read_to_string(secret_file(system.folder(), who)).expect("a password").trim().to_owned()
}

/// What the person's authenticator app shows.
fn code(system: &System, who: &str) -> String {
    let mut command = Command::new(program::path("dev-issuer"));
    run(command.args(["code", "--secret-file"]).arg(factor_file(system.folder(), who))).good().output.trim().to_owned()
}

on_both! {
    fn a_caseworker_logs_in_enrols_and_reads(system: &System) {
        let who = "ana";
        let without = run(system.registryctl(who).arg("list"));
        assert_eq!(without.code, Some(2), "{}", without.told());
        let begun = begin(system, system.registryctl(who), None);
        let page = browser(system).get(&begun.path);
        assert!(page.status == 200 && page.text().contains("For development only"), "{}", page.text());
        let wrong = fill_in(system, &page, who, "not the password", "");
        assert!(wrong.text().contains("wrong"), "{}", wrong.text());
        let back = fill_in(system, &page, who, &password(system, who), &code(system, who));
        assert!(back.text().contains("You are logged in"), "{}", back.text());
        let ran = begun.end().good();
        let said = ran.json();
        assert_eq!((&said["subject"], &said["roles"]), (&json!(who), &json!(["sealkeep-caseworker"])), "{said:#}");
        assert!(!ran.told().contains("eyJ"), "a token was shown");
        let kept = system.folder().join("logins").join(format!("{who}.json"));
        assert_eq!(std::fs::metadata(&kept).expect("a kept login").permissions().mode() & 0o777, 0o600);

        // The next commands are that person's.
        crate::enrol(system, who);
        let record = crate::record_of(system, crate::town::of(system).national_id(11));
        let opened = crate::open(system, who, &record, "display_name").good().json();
        assert_eq!(
            opened["records"][0]["values"]["display_name"],
            json!(crate::town::of(system).person(11)["display_name"])
        );

        run(system.registryctl(who).args(["login", "--forget"])).good();
        assert!(!kept.exists());
        assert_eq!(run(system.registryctl(who).arg("list")).code, Some(2));
    }

    fn an_officer_needs_the_second_factor(system: &System) {
        let who = "omar";
        // With the password alone the login succeeds, and an officer's action is refused.
        let begun = begin(system, system.kmctl(who), None);
        let page = browser(system).get(&begun.path);
        let back = fill_in(system, &page, who, &password(system, who), "");
        assert!(back.text().contains("You are logged in"), "{}", back.text());
        begun.end().good();
        run(system.kmctl(who).arg("enrolments")).refused("step-up-needed");
        // Asked for, the second factor is demanded, and a code counts once.
        let begun = begin(system, system.kmctl(who), Some("2"));
        let page = browser(system).get(&begun.path);
        let without = fill_in(system, &page, who, &password(system, who), "");
        assert!(without.text().contains("needs a one-time password"), "{}", without.text());
        let shown = code(system, who);
        let back = fill_in(system, &page, who, &password(system, who), &shown);
        assert!(back.text().contains("You are logged in"), "{}", back.text());
        assert_eq!(begun.end().good().json()["subject"], json!(who));
        let again = fill_in(system, &page, who, &password(system, who), &shown);
        assert!(again.text().contains("wrong"), "{}", again.text());
        run(system.kmctl(who).arg("enrolments")).good();
    }

    /// Whatever else comes to the program's port is turned away, and a login that the issuer refuses ends it.
    fn only_the_browser_that_was_sent_comes_back(system: &System) {
        let begun = begin(system, system.registryctl("ana"), None);
        let back =
            begun.path.split("redirect_uri=").nth(1).and_then(|rest| rest.split('&').next()).expect("an address");
        let back = back.replace("%3A", ":").replace("%2F", "/");
        let (base, path) = back.split_at(back.rfind('/').expect("a path"));
        let stranger = Client::new(https(&system.public("ca.pem"), None), base);
        for query in ["", "?code=stolen", "?code=stolen&state=guessed"] {
            assert_eq!(stranger.get(&format!("{path}{query}")).status, 404, "{query}");
        }
        let state =
            begun.path.split("state=").nth(1).and_then(|rest| rest.split('&').next()).expect("a state").to_owned();
        let refused = stranger.get(&format!("{path}?error=access_denied&state={state}"));
        assert!(refused.text().contains("refused"), "{}", refused.text());
        begun.end().refused("login-refused");
    }
}
