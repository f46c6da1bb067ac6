//! Texts that many rows have in common, each sent once.

use std::collections::HashMap;

use super::cell::Cell;

/// Texts by number, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Interned {
    list: Vec<String>,
    places: HashMap<String, usize>,
}

impl Interned {
    pub fn place(&mut self, text: &str) -> usize {
        if let Some(&place) = self.places.get(text) {
            return place;
        }
        self.list.push(text.to_owned());
        self.places.insert(text.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }

    pub fn cell(&mut self, text: Option<&str>) -> Cell {
        text.map_or(Cell::NONE, |text| Cell::count(self.place(text)))
    }

    pub fn list(&self) -> &[String] {
        &self.list
    }
}
