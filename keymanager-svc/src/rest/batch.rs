//! The answer of a batch, in the shape of its request.

use km_api::{OneOrResults, Outcome, batch::Results};
use km_operations::{OperationError, messages::Batch};
use km_service::Problem;

use crate::error::problem_of;

/// A single item's problem is the answer's; of a batch each item has its own result, and the status is 200.
pub fn answer<T, A>(results: Batch<T>, many: bool, turn: impl Fn(T) -> A) -> Result<OneOrResults<A>, Problem> {
    if many {
        let results = results.into_iter().map(|result| Outcome::from(result.map(&turn).map_err(|error| item(&error))));
        return Ok(OneOrResults::Many(Results { results: results.collect() }));
    }
    match results.into_iter().next() {
        Some(Ok(one)) => Ok(OneOrResults::One(turn(one))),
        Some(Err(error)) => Err(problem_of(&error)),
        None => Err(Problem::internal("an operation gave no result for its item")),
    }
}

fn item(error: &OperationError) -> km_api::Problem {
    let problem = problem_of(error);
    km_api::Problem {
        title: problem.kind.title.to_owned(),
        detail: problem.detail,
        field: problem.field,
        rule: problem.rule,
        retry_after: problem.retry_after,
        ..km_api::Problem::of(problem.kind.code, problem.kind.status)
    }
}
