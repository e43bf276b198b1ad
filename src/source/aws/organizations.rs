//! The accounts of an organization: all active ones, or those below some organizational units.

use std::collections::VecDeque;

use aws_sdk_organizations::{
    Client,
    types::{Account, AccountState, AccountStatus},
};
use futures::{StreamExt, stream};

use super::{error, paging::again};
use crate::{
    domain::{account::AccountId, failure::Failure, roster::Listed, text::AwsText},
    source::{Pages, calls},
};

/// Accounts a page: the most that AWS gives.
const PAGE: i32 = 20;

/// Suspended and closing accounts are left out. `State` goes before `Status`, which AWS retires.
fn active(account: &Account) -> Option<Listed> {
    let active = match (account.state(), account.status()) {
        (Some(state), _) => *state == AccountState::Active,
        (None, Some(status)) => *status == AccountStatus::Active,
        (None, None) => true,
    };
    let id = account.id().and_then(AccountId::parse).filter(|_| active)?;
    Some(Listed { id, name: AwsText::from(account.name().unwrap_or_default()) })
}

/// What is still to be asked.
#[derive(Debug)]
enum Question {
    Accounts(Option<String>),
    AccountsOf(String, Option<String>),
    UnitsOf(String, Option<String>),
}

pub(super) fn accounts<'a>(client: Client, units: &[String]) -> Pages<'a, Listed> {
    let questions: VecDeque<Question> = if units.is_empty() {
        VecDeque::from([Question::Accounts(None)])
    } else {
        units
            .iter()
            .flat_map(|unit| [Question::AccountsOf(unit.clone(), None), Question::UnitsOf(unit.clone(), None)])
            .collect()
    };
    stream::try_unfold((client, questions), |(client, mut questions)| async move {
        let Some(question) = questions.pop_front() else { return Ok(None) };
        let (found, next) = ask(&client, question).await?;
        questions.extend(next);
        Ok(Some((found, (client, questions))))
    })
    .boxed()
}

async fn ask(client: &Client, question: Question) -> Result<(Vec<Listed>, Vec<Question>), Failure> {
    match question {
        Question::Accounts(token) => {
            let answer = client.list_accounts().max_results(PAGE).set_next_token(token.clone()).send().await;
            let answer = answer.map_err(|error| explain(error::failure(calls::LIST_ACCOUNTS, &error)))?;
            let next = again(calls::LIST_ACCOUNTS, token.as_deref(), answer.next_token())?
                .map(|token| Question::Accounts(Some(token)));
            Ok((answer.accounts().iter().filter_map(active).collect(), next.into_iter().collect()))
        }
        Question::AccountsOf(unit, token) => {
            let answer = client
                .list_accounts_for_parent()
                .parent_id(&unit)
                .max_results(PAGE)
                .set_next_token(token.clone())
                .send()
                .await;
            let answer =
                answer.map_err(|error| of_unit(error::failure(calls::LIST_ACCOUNTS_FOR_PARENT, &error), &unit))?;
            let next = again(calls::LIST_ACCOUNTS_FOR_PARENT, token.as_deref(), answer.next_token())?;
            let next = next.map(|token| Question::AccountsOf(unit, Some(token)));
            Ok((answer.accounts().iter().filter_map(active).collect(), next.into_iter().collect()))
        }
        Question::UnitsOf(unit, token) => {
            let request = client.list_organizational_units_for_parent().parent_id(&unit).max_results(PAGE);
            let answer = request.set_next_token(token.clone()).send().await;
            let answer = answer.map_err(|error| of_unit(error::failure(calls::LIST_OUS_FOR_PARENT, &error), &unit))?;
            let below = answer.organizational_units().iter().filter_map(|unit| unit.id());
            let mut next: Vec<Question> = below
                .flat_map(|id| [Question::AccountsOf(id.into(), None), Question::UnitsOf(id.into(), None)])
                .collect();
            let more = again(calls::LIST_OUS_FOR_PARENT, token.as_deref(), answer.next_token())?;
            next.extend(more.map(|token| Question::UnitsOf(unit, Some(token))));
            Ok((Vec::new(), next))
        }
    }
}

fn explain(failure: Failure) -> Failure {
    use crate::domain::failure::Kind;
    if failure.kind == Kind::Denied {
        let hint = format!(
            "an organization's accounts are listed by its management account or a delegated administrator: use its \
             credentials, and allow {} there",
            failure.operation
        );
        return failure.with_hint(hint);
    }
    failure
}

/// A failure that is about one organizational unit.
fn of_unit(failure: Failure, unit: &str) -> Failure {
    if failure.message.raw().starts_with("ParentNotFoundException") {
        return failure.with_hint(format!("the organization has no unit {unit}: correct include_ous"));
    }
    explain(failure)
}
