//! A reload takes the whole rule book up.

use std::fs;

use serde_json::{Value, json};

use crate::officer::{ran, well};
use crate::premises::Premises;
use crate::server::Server;

const RULES: &str = r#"[[rule]]
id = "GPC"
where = ["everywhere"]
what = "A browser's signal takes this back."
basis = "policy"
source = "a test"
verified = true
review_by = 2099-01-01
gpc_lowers = ["personalisation"]
"#;

#[test]
fn a_reload_takes_the_whole_rule_book_up_and_a_wrong_one_leaves_the_old_in_force() {
    let premises = Premises::new(&[]);
    premises.change("stile.toml", "[consent]", "[consent]\nrules_file = \"rules.toml\"");
    premises.write("rules.toml", RULES);
    let server = Server::start(&premises, &[]);
    let taken_back = || {
        let gpc = ["consent", "gpc", "ada", "--merchant", "corner-books", "--json"];
        let answer: Value = serde_json::from_str(&well(&premises, &gpc)).unwrap();
        answer["withdrawn"]
            .as_array()
            .unwrap()
            .iter()
            .map(|taken| taken["purpose"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(taken_back(), [json!("personalisation")]);
    assert!(!well(&premises, &["reload"]).contains("rules"), "nothing is different");
    premises.write(
        "rules.toml",
        &RULES.replace("[\"personalisation\"]", "[\"personalisation\", \"measurement\"]"),
    );
    assert_eq!(taken_back(), [json!("personalisation")], "not before the reload");
    let told = well(&premises, &["reload"]);
    assert!(told.contains("other rules of law are in force"), "{told}");
    assert_eq!(taken_back(), [json!("personalisation"), json!("measurement")]);
    premises.write("rules.toml", &RULES.replace("gpc_lowers", "gpc_lovers"));
    let refused = ran(&premises, &["reload"]);
    assert!(refused.code == Some(78) && refused.err.contains("gpc_lovers"), "{}", refused.err);
    assert_eq!(taken_back().len(), 2, "the old rules hold on");
    fs::remove_file(premises.path("rules.toml")).unwrap();
    assert_ne!(ran(&premises, &["reload"]).code, Some(0));
    server.stop();
}
