//! Token ids of many texts, end to end.

/// Token ids of many texts in one flat buffer, without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    ids: Vec<u32>,
    /// Where each text's ids begin, and at last where all end: one more than there are texts, rising, the first 0.
    offsets: Vec<usize>,
}

impl Encoded {
    /// Nothing yet, with room for that many texts and tokens.
    pub fn with_capacity(texts: usize, tokens: usize) -> Self {
        let mut offsets = Vec::with_capacity(texts + 1);
        offsets.push(0);
        Self { ids: Vec::with_capacity(tokens), offsets }
    }

    /// Adds a text's ids.
    pub fn push(&mut self, ids: &[u32]) {
        self.ids.extend_from_slice(ids);
        self.offsets.push(self.ids.len());
    }

    /// Adds the texts of `other` after the own ones.
    pub fn append(&mut self, other: &Self) {
        let start = self.ids.len();
        self.ids.extend_from_slice(&other.ids);
        self.offsets.extend(other.offsets[1..].iter().map(|offset| start + offset));
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ids of text `index`.
    ///
    /// # Panics
    ///
    /// When there is no such text, as slices do.
    pub fn get(&self, index: usize) -> &[u32] {
        &self.ids[self.offsets[index]..self.offsets[index + 1]]
    }

    /// Number of tokens of text `index`; panics as [`Encoded::get`] does.
    pub fn length(&self, index: usize) -> usize {
        self.offsets[index + 1] - self.offsets[index]
    }

    /// The ids of all texts.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// Where each text's ids begin in [`Encoded::ids`], and at last where all end.
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// The ids of each text in turn.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        self.offsets.windows(2).map(|ends| &self.ids[ends[0]..ends[1]])
    }
}

impl<'a> FromIterator<&'a [u32]> for Encoded {
    fn from_iter<I: IntoIterator<Item = &'a [u32]>>(texts: I) -> Self {
        let mut encoded = Self::with_capacity(0, 0);
        for ids in texts {
            encoded.push(ids);
        }
        encoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_apart() {
        let parts: [&[u32]; 4] = [&[5, 6], &[], &[7], &[8, 9, 10]];
        let mut encoded: Encoded = parts[..2].iter().copied().collect();
        encoded.append(&parts[2..].iter().copied().collect());
        assert_eq!(encoded.len(), 4);
        assert_eq!(encoded.iter().collect::<Vec<_>>(), parts);
        assert_eq!(encoded.get(3), parts[3]);
        assert_eq!((encoded.length(0), encoded.length(1)), (2, 0));
        assert_eq!(encoded.offsets(), [0, 2, 2, 3, 6]);
    }
}
