//! `kmctl tenant create NAME`

use clap::Args;
use km_api::tenants::{CreateTenant, TenantMade};
use km_domain::TenantId;

use crate::{answer::Answer, failure::Failure, online::Online};

/// Make a tenant with its keys; one that is there is left as it is, one that was interrupted is finished.
///
/// Only officers of the tenant that runs the installation may (`operators_tenant` in the key manager's configuration).
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as officer tenant create north")]
pub struct Arguments {
    /// 1 to 64 characters of a-z, 0-9, '-' and '_', beginning with a letter.
    name: TenantId,
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    let session = online.session()?;
    let http = session.officer_http()?;
    let wanted = CreateTenant { name: arguments.name.clone() };
    let made: TenantMade = session.officer(&http).post("/v1/officer/tenants", &wanted).await?;
    Ok(Answer::good(&made, text(&made)))
}

fn text(tenant: &TenantMade) -> String {
    let TenantMade { name, made } = tenant;
    if made.is_empty() {
        return format!("tenant {name} is complete; nothing was missing");
    }
    let lines: String = made.iter().map(|thing| format!("made {thing}\n")).collect();
    format!("{lines}tenant {name} is complete")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_told() {
        let tenant = |made: &[&str]| TenantMade {
            name: "north".parse().unwrap(),
            made: made.iter().map(|thing| (*thing).to_owned()).collect(),
        };
        assert_eq!(text(&tenant(&["tenant north"])), "made tenant north\ntenant north is complete");
        assert!(text(&tenant(&[])).contains("nothing was missing"));
    }
}
