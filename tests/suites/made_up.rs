//! Values made up from the API document: what a body or a path could be.

use serde_json::{Map, Value, json};
use uuid::Uuid;

/// A body that fits a schema: examples where there are, else the least that is required.
pub fn instance(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return instance(document, &document.pointer(&reference[1..]).cloned().unwrap_or_default());
    }
    if let Some(example) = schema.get("example").or_else(|| schema["examples"].get(0)) {
        return example.clone();
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(options) = schema[key].as_array() {
            if key == "allOf" {
                let mut whole = Map::new();
                for part in options {
                    if let Value::Object(map) = instance(document, part) {
                        whole.extend(map);
                    }
                }
                return Value::Object(whole);
            }
            let option = options.iter().find(|option| option["type"] != "null").cloned().unwrap_or_default();
            return instance(document, &option);
        }
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("object");
    match kind {
        "object" => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let fields = required.iter().filter_map(|name| {
                let name = name.as_str()?;
                Some((name.to_owned(), instance(document, &schema["properties"][name])))
            });
            Value::Object(fields.collect())
        }
        "array" => {
            let least = schema["minItems"].as_u64().unwrap_or(0);
            (0..least).map(|_| instance(document, &schema["items"])).collect()
        }
        "integer" | "number" => schema["minimum"].as_i64().unwrap_or(1).into(),
        "boolean" => true.into(),
        _ => match schema["format"].as_str() {
            Some("uuid") => json!(Uuid::nil()),
            Some("date") => json!("2026-11-24"),
            Some("date-time") => json!("2026-11-24T08:00:00Z"),
            _ => json!(
                "xin chào bạn".repeat(1 + usize::try_from(schema["minLength"].as_u64().unwrap_or(0)).unwrap() / 12)
            ),
        },
    }
}

pub fn concrete(path: &str, operation: &Value, (cooperative, partner): (&str, &str)) -> String {
    let mut out = path.replace("{cooperative_id}", cooperative).replace("{partner_id}", partner);
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap();
        if parameter["in"] == "path" {
            let value = match parameter["schema"]["enum"].get(0).and_then(Value::as_str) {
                Some(word) => word.to_owned(),
                None => Uuid::nil().to_string(),
            };
            out = out.replace(&format!("{{{name}}}"), &value);
        } else if parameter["in"] == "query" && parameter["required"] == true {
            let schema = &parameter["schema"];
            let word = schema["enum"].get(0).or(parameter["example"].is_string().then_some(&parameter["example"]));
            let word = word.and_then(Value::as_str).unwrap_or("x");
            out.push(if out.contains('?') { '&' } else { '?' });
            out.extend([name, "=", word]);
        }
    }
    out
}
