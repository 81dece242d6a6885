//! `/actuator/health`, `/actuator/info`, `/actuator/prometheus`

use km_tests::on_both;

on_both! {
    fn probes_and_scrapers_need_no_token(system: &System) {
        let anyone = system.mosip_anyone();
        for path in ["/actuator/health", "/actuator/health/liveness", "/actuator/health/readiness"] {
            assert_eq!(anyone.get(path).good()["status"], "UP", "{path}");
        }
        let health = anyone.get("/actuator/health").good();
        assert_eq!(health["components"]["token"]["status"], "UP");
        assert_eq!(health["components"]["mosip"]["status"], "UP");
        assert_eq!(health["switches"], serde_json::json!([]));
        assert!(anyone.get("/actuator/info").good()["build"]["version"].is_string());
        let figures = anyone.get("/actuator/prometheus");
        assert_eq!(figures.status, 200);
        assert!(figures.header("content-type").starts_with("text/plain"));
        assert!(figures.text().contains("http_requests_total{door=\"mosip\""), "{}", figures.text());
        assert_eq!(anyone.get("/actuator/health/other").status, 404);
        assert_eq!(anyone.get("/actuator/env").status, 404);
    }

    /// What health says goes to everybody, so it says no more than which part.
    fn health_tells_no_texts(system: &System) {
        let text = system.mosip_anyone().get("/actuator/health").text();
        let label = system.test_token().label.clone();
        assert!(!text.contains(&label) && !text.contains("/tmp") && !text.contains("text"), "{text}");
    }
}
