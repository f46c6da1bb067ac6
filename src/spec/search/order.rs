//! In which order the dimensions of a point are decided: what a `when` asks for comes before what it is about.

use crate::spec::cursor::Context;
use crate::spec::problem::quoted;

use super::draft::DimensionDraft;

/// Each dimension after those that its `when` asks for, and otherwise as they stand.
///
/// # Errors
/// Some ask for each other, or one for itself: each of them, and the first of them again.
pub(super) fn order(dimensions: &[DimensionDraft]) -> Result<Vec<usize>, Vec<usize>> {
    let mut order: Vec<usize> = Vec::with_capacity(dimensions.len());
    while order.len() < dimensions.len() {
        let is_open = |dimension: &usize| !order.contains(dimension);
        let is_ready = |dimension: &usize| asked(dimensions, *dimension).all(|asked| !is_open(&asked));
        match (0..dimensions.len()).filter(is_open).find(is_ready) {
            Some(next) => order.push(next),
            None => return Err(circle(dimensions, &order)),
        }
    }
    Ok(order)
}

/// Tells what [`order`] finds wrong.
pub(super) fn report_circle(dimensions: &[DimensionDraft], context: &mut Context<'_>) {
    let Err(circle) = order(dimensions) else {
        return;
    };
    let Some((first, others)) = circle.split_first() else {
        return;
    };
    let name = |dimension: &usize| quoted(&dimensions[*dimension].name);
    let chain: Vec<String> = others.iter().map(|other| format!("asks for {}", name(other))).collect();
    let message = format!(
        "the condition {}: whether {} applies cannot be told before its own value is known",
        chain.join(", which "),
        name(first)
    );
    context.problems.add(dimensions[*first].place.clone(), message);
}

/// The dimensions whose values decide whether another one applies.
fn asked(dimensions: &[DimensionDraft], of: usize) -> impl Iterator<Item = usize> {
    let when = dimensions[of].when.as_ref();
    let decides = move |dimension: &&DimensionDraft| when.is_some_and(|when| dimension.decides(when));
    dimensions.iter().enumerate().filter(move |(_, dimension)| decides(dimension)).map(|(place, _)| place)
}

/// Of the dimensions without an order, each asks for one that has none either: from one to the next until one comes again.
fn circle(dimensions: &[DimensionDraft], order: &[usize]) -> Vec<usize> {
    let next = |of: &usize| asked(dimensions, *of).find(|asked| !order.contains(asked));
    let mut chain: Vec<usize> =
        (0..dimensions.len()).find(|dimension| !order.contains(dimension)).into_iter().collect();
    while let Some(next) = chain.last().and_then(next) {
        if let Some(begin) = chain.iter().position(|known| *known == next) {
            chain.push(next);
            return chain.split_off(begin);
        }
        chain.push(next);
    }
    chain
}
