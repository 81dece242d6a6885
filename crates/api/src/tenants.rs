//! Tenants, made by officers of the operators' tenant.

use km_domain::TenantId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /v1/officer/tenants`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTenant {
    /// 1 to 64 characters of a-z, 0-9, '-' and '_', beginning with a letter.
    #[schema(value_type = String, example = "north")]
    pub name: TenantId,
}

/// The answer: the tenant is complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TenantMade {
    #[schema(value_type = String, example = "north")]
    pub name: TenantId,
    /// What was missing and is made now: the tenant, its keys. Empty where the tenant was complete before.
    #[schema(example = json!(["tenant north", "north/kek"]))]
    pub made: Vec<String>,
}
