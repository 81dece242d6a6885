//! A changed migration is a changed crate: the macro that embeds them does not tell cargo.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
