use std::time::Duration;

use super::*;

fn labels(resource: &str) -> RequestLabels<'_> {
    RequestLabels {
        dry_run: "",
        group: "g",
        version: "v1",
        resource,
        scope: "resource",
        ..RequestLabels::of_verb("GET")
    }
}

#[test]
fn the_text_is_what_a_scraper_of_version_0_0_4_reads() {
    let metrics = Metrics::new();
    metrics.requests().observe(labels("things"), 200, Duration::from_millis(30));
    metrics.requests().observe(labels("things"), 200, Duration::from_secs(90));
    metrics.requests().observe(labels("things"), 404, Duration::from_millis(1));
    let text = metrics.text(&Stored::default()).unwrap();
    let set = r#"verb="GET",dry_run="",group="g",version="v1",resource="things",subresource="",scope="resource",component="apiserver""#;
    for line in [
        "# TYPE apiserver_request_total counter".to_owned(),
        format!(r#"apiserver_request_total{{{set},code="200"}} 2"#),
        format!(r#"apiserver_request_total{{{set},code="404"}} 1"#),
        "# TYPE apiserver_request_duration_seconds histogram".to_owned(),
        format!("apiserver_request_duration_seconds_sum{{{set}}} 90.031"),
        format!("apiserver_request_duration_seconds_count{{{set}}} 3"),
        format!(r#"apiserver_request_duration_seconds_bucket{{le="0.005",{set}}} 1"#),
        format!(r#"apiserver_request_duration_seconds_bucket{{le="0.05",{set}}} 2"#),
        format!(r#"apiserver_request_duration_seconds_bucket{{le="60.0",{set}}} 2"#),
        format!(r#"apiserver_request_duration_seconds_bucket{{le="+Inf",{set}}} 3"#),
    ] {
        assert!(text.lines().any(|present| present == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("# EOF"));
}

#[test]
fn labels_without_end_are_counted_together() {
    let metrics = Metrics::new();
    for number in 0..5000 {
        metrics.requests().observe(labels(&number.to_string()), 200, Duration::ZERO);
    }
    let text = metrics.text(&Stored::default()).unwrap();
    let sets = text.lines().filter(|line| line.starts_with("apiserver_request_total{")).count();
    assert_eq!(sets, 4097);
    assert!(text.contains(r#"apiserver_request_total{verb="other",dry_run="",group="",version="",resource="",subresource="",scope="",component="apiserver",code="200"} 904"#));
}

#[test]
fn no_count_is_lost_between_threads() {
    let metrics = Metrics::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..1000 {
                    metrics.requests().observe(labels(&(number % 7).to_string()), 200, Duration::ZERO);
                }
            });
        }
    });
    let text = metrics.text(&Stored::default()).unwrap();
    let counts = text.lines().filter(|line| line.starts_with("apiserver_request_total{"));
    let sum: u64 = counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(sum, 4000);
}

#[test]
fn a_filter_that_is_none_is_explained() {
    let error = init(LogFormat::Json, "databases=loudly").unwrap_err();
    assert!(error.to_string().contains("databases=loudly"), "{error}");
}

#[test]
fn what_cannot_be_read_is_counted_whole_and_named_up_to_a_bound() {
    let one = |number: usize| UnreadableLabels {
        group: "g",
        resource: "things",
        namespace: "ns".into(),
        name: format!("n{number}"),
    };
    let stored = Stored { unreadable: (0..150).map(one).collect(), ..Stored::default() };
    let text = Metrics::new().text(&stored).unwrap();
    assert!(
        text.contains(r#"apiserver_storage_unreadable_objects{group="g",resource="things"} 150"#),
        "{text}"
    );
    assert!(text.contains(
        r#"apiserver_storage_unreadable_object{group="g",resource="things",namespace="ns",name="n0"} 1"#
    ));
    assert_eq!(
        text.lines().filter(|line| line.starts_with("apiserver_storage_unreadable_object{")).count(),
        100
    );
    assert!(!text.contains("# EOF"));
}

#[test]
fn objects_are_counted_by_resource_under_both_names() {
    let of = |group, resource, qualified: &str, count| Objects {
        group,
        resource,
        qualified: qualified.into(),
        count,
    };
    let objects = vec![of("g", "things", "things.g", 3), of("", "secrets", "secrets", 0)];
    let text = Metrics::new().text(&Stored { objects, ..Stored::default() }).unwrap();
    for line in [
        r#"apiserver_resource_objects{group="g",resource="things"} 3"#,
        r#"apiserver_resource_objects{group="",resource="secrets"} 0"#,
        r#"apiserver_storage_objects{resource="things.g"} 3"#,
        r#"apiserver_storage_objects{resource="secrets"} 0"#,
    ] {
        assert!(text.lines().any(|said| said == line), "{line} is not in {text}");
    }
}

#[test]
fn what_runs_for_long_is_counted_until_it_ends() {
    let metrics = Metrics::new();
    let labels =
        RequestLabels { group: "g", version: "v1", resource: "things", ..RequestLabels::of_verb("WATCH") };
    let counted = |count: usize| {
        let line = format!(
            r#"apiserver_longrunning_requests{{verb="WATCH",group="g",version="v1",resource="things",subresource="",scope="",component="apiserver"}} {count}"#
        );
        let text = metrics.text(&Stored::default()).unwrap();
        assert!(text.lines().any(|said| said == line), "{line} is not in {text}");
    };
    let running: Vec<_> = (0..2).map(|_| metrics.requests().in_flight().long_running(&labels)).collect();
    counted(2);
    drop(running);
    counted(0);
}

#[test]
fn this_process_is_measured() {
    let text = Metrics::new().text(&Stored::default()).unwrap();
    let value = |name: &str| -> f64 {
        let said = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        said.unwrap_or_else(|| panic!("{name} is not in {text}")).parse().unwrap()
    };
    let seconds = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let age = seconds.as_secs_f64() - value("process_start_time_seconds");
    assert!((-2.0..86_400.0).contains(&age), "{age}");
    let resident = value("process_resident_memory_bytes");
    assert!(resident > 1e6 && resident < value("process_virtual_memory_bytes"), "{resident}");
    let open = value("process_open_fds");
    assert!(open > 2.0 && open <= value("process_max_fds"), "{open}");
    assert!(value("process_cpu_seconds_total") >= 0.0);
    assert!(text.contains("# TYPE process_cpu_seconds_total counter"), "{text}");
}
