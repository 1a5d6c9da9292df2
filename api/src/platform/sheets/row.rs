//! Cells by the headings above them, and faults people can find again.

use std::collections::HashMap;

use super::read::Sheet;
use crate::platform::fold::fold;
use crate::platform::i18n::Text;
use crate::platform::problem::Problem;

/// Where each heading stands, as people may write it.
pub fn headings(sheet: &Sheet) -> HashMap<String, usize> {
    sheet.headings.iter().enumerate().map(|(at, heading)| (fold(heading), at)).collect()
}

/// A row of a sheet, read by its headings; what is wrong is told by line and column.
pub struct Row<'a> {
    pub line: u32,
    pub cells: &'a [String],
    pub places: &'a HashMap<String, usize>,
}

impl Row<'_> {
    pub fn text(&self, heading: &str) -> &str {
        self.places.get(&fold(heading)).and_then(|at| self.cells.get(*at)).map_or("", |text| text.trim())
    }

    pub fn some(&self, heading: &str) -> Option<String> {
        Some(self.text(heading).to_owned()).filter(|text| !text.is_empty())
    }

    pub fn fault(&self, heading: &str, fault: Text) -> Problem {
        let vi = format!("dòng {}, {heading}: {}", self.line, fault.vi);
        let en = format!("line {}, {heading}: {}", self.line, fault.en);
        Problem::field(format!("/rows/{}/{heading}", self.line), "cell", vi, en)
    }

    /// Read as people write it; nothing when the cell is empty.
    pub fn read<T>(&self, heading: &str, read: impl Fn(&str) -> Result<T, Text>) -> Result<Option<T>, Problem> {
        match self.text(heading) {
            "" => Ok(None),
            text => read(text).map(Some).map_err(|fault| self.fault(heading, fault)),
        }
    }

    pub fn needed<T>(&self, heading: &str, found: Option<T>) -> Result<T, Problem> {
        found.ok_or_else(|| self.fault(heading, Text::new("còn trống", "is empty")))
    }

    /// What a rule of a field says, told by the line.
    pub fn told(&self, problem: Problem) -> Problem {
        if problem.code.status >= 500 {
            return problem;
        }
        let (vi, en) = (problem.words(entity::value::Language::Vi), problem.words(entity::value::Language::En));
        Problem::field(
            format!("/rows/{}", self.line),
            "row",
            format!("dòng {}: {vi}", self.line),
            format!("line {}: {en}", self.line),
        )
    }
}
