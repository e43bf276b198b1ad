//! What Lambda itself writes when an invocation has ended: how long it took, what is billed, how much memory it used.

use serde::Serialize;
use serde_json::Value;

/// The report of an invocation, in the words of `REPORT` lines and of `platform.report` records.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Milliseconds that it took.
    pub duration: Option<f64>,
    /// Milliseconds that are billed.
    pub billed: Option<f64>,
    /// Memory that it may use, in MB.
    pub size: Option<u64>,
    /// Memory that its environment used at most, in MB.
    pub used: Option<u64>,
    /// Milliseconds that a cold start took.
    pub init: Option<f64>,
    /// `timeout` or `error`; none where it is not said, which is where it was fine or where its code threw.
    pub status: Option<String>,
    /// `Runtime.OutOfMemory` and the like.
    pub error: Option<String>,
    /// The id of its trace, where X-Ray was told of it.
    pub trace: Option<String>,
}

impl Report {
    /// Reads the fields of a `REPORT` or `INIT_REPORT` line, which tabs keep apart.
    pub fn of_line(line: &str) -> Self {
        let mut report = Self::default();
        for field in line.lines().flat_map(|line| line.split('\t')) {
            let Some((name, value)) = field.trim().split_once(": ") else { continue };
            let first = value.split_whitespace().next().unwrap_or_default();
            match name.trim_start_matches("INIT_REPORT ") {
                "Duration" => report.duration = first.parse().ok(),
                "Billed Duration" => report.billed = first.parse().ok(),
                "Memory Size" => report.size = first.parse().ok(),
                "Max Memory Used" => report.used = first.parse().ok(),
                "Init Duration" => report.init = first.parse().ok(),
                "Status" => report.status = Some(first.to_owned()),
                "Error Type" => report.error = Some(first.to_owned()),
                "XRAY TraceId" => report.trace = Some(first.to_owned()),
                _ => {}
            }
        }
        report
    }

    /// Reads the `record` of a `platform.report`, `platform.initReport` or `platform.runtimeDone`.
    pub fn of_record(record: &Value) -> Self {
        let metrics = &record["metrics"];
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        Self {
            duration: metrics["durationMs"].as_f64(),
            billed: metrics["billedDurationMs"].as_f64(),
            size: metrics["memorySizeMB"].as_u64(),
            used: metrics["maxMemoryUsedMB"].as_u64(),
            init: metrics["initDurationMs"].as_f64(),
            status: text(&record["status"]).filter(|status| status != "success"),
            error: text(&record["errorType"]),
            trace: traced(&record["tracing"]["value"]),
        }
    }

    /// Whether it used all the memory that there was.
    pub fn is_full(&self) -> bool {
        matches!((self.used, self.size), (Some(used), Some(size)) if size > 0 && used >= size)
    }
}

/// The id of a trace out of a tracing header, `Root=1-…;Parent=…;Sampled=1`.
fn traced(header: &Value) -> Option<String> {
    header.as_str()?.split(';').find_map(|part| part.trim().strip_prefix("Root=")).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_a_record_say_the_same() {
        let line = "REPORT RequestId: 6f\tDuration: 3000.00 ms\tBilled Duration: 3001 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tInit Duration: 114.02 ms\tStatus: error\tError Type: Runtime.OutOfMemory\nXRAY TraceId: 1-6\tSegmentId: 2\tSampled: true";
        let of_line = Report::of_line(line);
        let record = serde_json::json!({"requestId": "6f", "metrics": {"durationMs": 3000.0, "billedDurationMs": 3001, "memorySizeMB": 128,
            "maxMemoryUsedMB": 128, "initDurationMs": 114.02}, "status": "error", "errorType": "Runtime.OutOfMemory",
            "tracing": {"type": "X-Amzn-Trace-Id", "value": "Root=1-6;Parent=2;Sampled=1"}});
        assert_eq!(of_line, Report::of_record(&record));
        assert!(of_line.is_full() && of_line.billed == Some(3001.0) && of_line.init == Some(114.02));
        assert_eq!(of_line.trace.as_deref(), Some("1-6"));
        assert_eq!(of_line.error.as_deref(), Some("Runtime.OutOfMemory"));
    }

    #[test]
    fn what_is_not_said_is_not_made_up() {
        let report = Report::of_line("REPORT RequestId: 6f\tDuration: x ms\t");
        assert_eq!(report, Report::default());
        assert!(!report.is_full());
        let init = Report::of_line("INIT_REPORT Init Duration: 9999.27 ms\tPhase: init\tStatus: timeout");
        assert_eq!((init.init, init.status.as_deref()), (Some(9999.27), Some("timeout")));
        assert_eq!(Report::of_record(&serde_json::json!({"status": "success"})).status, None);
    }
}
