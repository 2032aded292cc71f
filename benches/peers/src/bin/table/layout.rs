//! Tables as Markdown has them.

use std::collections::BTreeMap;

/// A table: a row of cells for each name.
pub struct Table {
    columns: Vec<String>,
    rows: Vec<(String, BTreeMap<usize, String>)>,
}

impl Table {
    pub fn new() -> Table {
        Table { columns: Vec::new(), rows: Vec::new() }
    }

    pub fn row(&mut self, name: impl Into<String>) {
        self.rows.push((name.into(), BTreeMap::new()));
    }

    /// Puts a cell into the latest row.
    pub fn cell(&mut self, column: &str, text: String) {
        let at = self.columns.iter().position(|known| known == column).unwrap_or_else(|| {
            self.columns.push(column.into());
            self.columns.len() - 1
        });
        self.rows.last_mut().unwrap().1.insert(at, text);
    }

    pub fn print(&self, title: &str) {
        println!("\n### {title}\n");
        println!("| | {} |", self.columns.join(" | "));
        println!("|---|{}", "---:|".repeat(self.columns.len()));
        for (name, cells) in &self.rows {
            let text = |at| cells.get(&at).map_or("", String::as_str);
            let cells: Vec<&str> = (0..self.columns.len()).map(text).collect();
            println!("| {name} | {} |", cells.join(" | "));
        }
    }
}

/// To the first of a row.
pub fn ratio(value: f64, first: f64) -> String {
    format!("{:.2}", value / first)
}
