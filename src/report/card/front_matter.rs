//! What the hub reads of a card: YAML between lines of dashes.

use serde_json::{Value, json};

use crate::spec::Metric;

use super::subject::{CardOf, Subject, hub_names, public_name};

pub(super) fn front_matter(subject: &Subject<'_>) -> String {
    let (model, data) = hub_names(&subject.run.spec);
    let adapter = subject.of == CardOf::Adapter;
    let mut fields: Vec<(&str, Value)> = vec![
        ("library_name", json!(if adapter { "peft" } else { "transformers" })),
        ("pipeline_tag", json!("text-classification")),
        ("tags", json!(["text-classification", "lora", "sweep"])),
    ];
    if let Some(model) = model {
        fields.push(("base_model", json!(model)));
        fields.push(("base_model_relation", json!(if adapter { "adapter" } else { "finetune" })));
    }
    if let Some(data) = data {
        fields.push(("datasets", json!([data])));
    }
    if !subject.is_pretended() {
        fields.push(("metrics", json!(["accuracy", "f1"])));
        fields.extend(results(subject).map(|results| ("model-index", results)));
    }
    // JSON is YAML.
    let lines: String = fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    format!("---\n{lines}---\n\n")
}

/// Figures for the hub's tables, of the examples that the run is judged on.
fn results(subject: &Subject<'_>) -> Option<Value> {
    let run = subject.run;
    let measured = |metric: Metric| {
        let value = run.judged(metric).filter(|value| value.is_finite())?;
        Some(json!({"type": metric.name(), "value": value}))
    };
    let metrics: Vec<Value> = [Metric::ACCURACY, Metric::F1].into_iter().filter_map(measured).collect();
    let (_, data) = hub_names(&run.spec);
    let name = public_name(&run.spec.dataset.path);
    // What is no name of the hub has to have some type all the same.
    let dataset = json!({"name": name, "type": data.unwrap_or(name), "split": if run.has_test() { "test" } else { "evaluation" }});
    let task = json!({"type": "text-classification", "name": "Text Classification"});
    let result = json!({"task": task, "dataset": dataset, "metrics": metrics});
    (!metrics.is_empty())
        .then(|| json!([{"name": format!("{}, {}", subject.report.name, run.label), "results": [result]}]))
}
