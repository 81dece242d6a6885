//! `GET /v1/registers`

use km_tests::on_both;

on_both! {
    fn the_registers_that_ship_are_listed_with_their_counts(system: &System) {
        crate::person(system);
        let list = system.registry("caseworker").get("/v1/registers").good();
        let registers = list["registers"].as_array().expect("registers");
        let individual = registers.iter().find(|one| one["register"] == "individual").expect("the register");
        assert!(individual["records"].as_u64().is_some_and(|count| count > 0), "{individual}");
        assert!(registers.iter().any(|one| one["register"] == "household"));
        system.registry_anyone().get("/v1/registers").refused(401, "token-missing");
    }
}
