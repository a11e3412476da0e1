//! The rules of refresh tokens.

use domain::UserId;

use crate::account::{PasswordHash, Standing, User};
use crate::error::Error;
use crate::memory::state::{FamilyRow, State, TokenRow};
use crate::session::{Families, Family, FamilyId, Rotation, TokenHash};
use crate::store::FAMILIES_OF_A_USER;

impl State {
    pub(super) fn open_family(
        &mut self,
        family: &Family,
        token: &TokenHash,
        verified: &PasswordHash,
    ) -> Result<(), Error> {
        let is_good = |user: &User| user.standing == Standing::Active && user.password_hash == *verified;
        let may_enter = self.users.get(&family.user).is_some_and(is_good);
        let is_taken = self.families.contains_key(&family.id) || self.tokens.contains_key(token);
        if !may_enter || is_taken {
            return Err(Error::Conflict);
        }
        let row = FamilyRow {
            user: family.user.clone(),
            created_at_ms: family.created_at_ms,
            expires_at_ms: family.expires_at_ms,
            revoked_at_ms: None,
        };
        self.families.insert(family.id, row);
        let first = TokenRow { family: family.id, expires_at_ms: family.expires_at_ms, spent_at_ms: None };
        self.tokens.insert(*token, first);

        let mut live = self.families_of(&family.user);
        live.sort_by_key(|id| (self.families[id].created_at_ms, *id));
        let beyond = live.len().saturating_sub(FAMILIES_OF_A_USER as usize);
        for oldest in live.into_iter().take(beyond) {
            let until_ms = self.families[&oldest].expires_at_ms;
            self.revoke_family(oldest, family.created_at_ms, until_ms);
        }
        Ok(())
    }

    pub(super) fn rotate(
        &mut self,
        spent: &TokenHash,
        fresh: &TokenHash,
        now_ms: u64,
        expires_at_ms: u64,
    ) -> Result<Rotation, Error> {
        let Some(token) = self.tokens.get(spent) else { return Ok(Rotation::Refused) };
        let id = token.family;
        let family = &self.families[&id];
        let user = self.users[&family.user].clone();
        let is_over = token.expires_at_ms <= now_ms || family.revoked_at_ms.is_some();
        if is_over || user.standing == Standing::Disabled {
            return Ok(Rotation::Refused);
        }
        if token.spent_at_ms.is_some() {
            self.revoke_family(id, now_ms, expires_at_ms);
            return Ok(Rotation::Reused { user: user.id, family: id });
        }
        if self.tokens.contains_key(fresh) {
            return Err(Error::Conflict);
        }
        self.tokens.insert(*fresh, TokenRow { family: id, expires_at_ms, spent_at_ms: None });
        if let Some(token) = self.tokens.get_mut(spent) {
            token.spent_at_ms = Some(now_ms);
        }
        if let Some(family) = self.families.get_mut(&id) {
            family.expires_at_ms = family.expires_at_ms.max(expires_at_ms);
        }
        Ok(Rotation::Rotated { user, family: id })
    }

    pub(super) fn revoke_families(&mut self, which: &Families, now_ms: u64, until_ms: u64) {
        let families = match which {
            Families::One(id) => vec![*id],
            Families::OfUser(user) => self.families_of(user),
        };
        for id in families {
            self.revoke_family(id, now_ms, until_ms);
        }
    }

    pub(super) fn family_of(&self, token: &TokenHash) -> Option<(UserId, FamilyId)> {
        let family = self.tokens.get(token)?.family;
        Some((self.families.get(&family)?.user.clone(), family))
    }

    /// Those that are not revoked, expired ones included.
    pub(super) fn families_of(&self, user: &UserId) -> Vec<FamilyId> {
        let live = |row: &FamilyRow| row.user == *user && row.revoked_at_ms.is_none();
        self.families.iter().filter(|(_, row)| live(row)).map(|(id, _)| *id).collect()
    }
}
