//! The laws of the house that a machine checks, one test each. `laws.toml` holds what they demand, `crates/README.md`
//! says it in prose. Every checker is itself tested on a bad sample, so that a law cannot pass by looking at nothing.

mod calls;
mod configuration;
mod doors;
mod edges;
mod files;
mod laws;
mod libraries;
mod picture;
mod sources;
mod traits;
mod workspace;

use laws::Laws;
use sources::Tree;
use workspace::Workspace;

/// Fails with every fault on a line of its own.
fn hold(law: &str, faults: Vec<String>) {
    assert!(faults.is_empty(), "{law}:\n  {}", faults.join("\n  "));
}

#[test]
fn a_packages_use_exactly_the_packages_they_may() {
    let (laws, workspace) = (Laws::read(), Workspace::read());
    hold("law (a), edges", edges::exact(&laws, &workspace));
}

#[test]
fn b_what_must_not_be_reached_is_not_reached() {
    let (laws, workspace) = (Laws::read(), Workspace::read());
    hold("law (b), unreachable", edges::unreachable(&laws, &workspace));
}

#[test]
fn c_a_library_is_named_only_where_it_may_be() {
    let (laws, workspace) = (Laws::read(), Workspace::read());
    hold("law (c), libraries", libraries::named(&laws, &workspace));
}

#[test]
fn d_no_library_is_handed_on() {
    let (laws, tree) = (Laws::read(), Tree::of_product());
    hold("law (d), pub use", libraries::handed_on(&laws, &tree));
}

#[test]
fn e_time_chance_and_settings_are_read_in_one_place() {
    let (laws, tree) = (Laws::read(), Tree::of_product());
    hold("law (e), calls", calls::misplaced(&laws, &tree));
}

#[test]
fn f_the_public_traits_are_the_listed_ones() {
    let (laws, tree) = (Laws::read(), Tree::of_product());
    hold("law (f), public traits", traits::unlisted(&laws, &tree));
}

#[test]
fn g_files_are_small_and_say_what_they_hold() {
    let (laws, tree) = (Laws::read(), Tree::of_everything());
    hold("law (g), files", files::faults(&laws, &tree));
}

#[test]
fn h_no_product_source_knows_which_token_it_is() {
    let (laws, tree) = (Laws::read(), Tree::of_product());
    hold("law (h), words", files::forbidden_words(&laws, &tree));
}

#[test]
fn i_every_file_of_a_door_has_a_test_of_its_name() {
    let (laws, tree) = (Laws::read(), Tree::of_everything());
    hold("law (i), doors", doors::untested(&laws, &tree));
}

#[test]
fn the_picture_in_crates_readme_is_true() {
    let workspace = Workspace::read();
    hold("crates/README.md", picture::faults(&picture::read(), &workspace));
}
