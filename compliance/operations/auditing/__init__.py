"""Recomputing a clinic's log and everything that screens read from it."""

from compliance.operations.auditing.audit import AuditResult, audit_clinic
from compliance.operations.auditing.problems import Problem

__all__ = ["AuditResult", "Problem", "audit_clinic"]
