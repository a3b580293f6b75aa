"""The tables of retention, one noun a file."""

from retention.models.erasure import Certificate, CertificateAddendum, ErasureRun, ErasureStep, Verification
from retention.models.external import ExternalStore, ManualErasure
from retention.models.lasting import NightBeyond, RetentionNight, RetentionRule
from retention.models.ledger import DataKey, ErasureEntry, LedgerPulse
from retention.models.mention import MentionScan
from retention.models.request import (
    AggregateArchive,
    ArchiveAuthorization,
    DeletionRequest,
    Export,
    LegalHold,
    RequestSubject,
)
from retention.models.restore import LedgerHead, Restore
from retention.models.rotation import KeyEncryptionKey, KeyRotation, KeyRotationStep
from retention.models.subject import SubjectDoubt, SubjectLink, SubjectRequest
from retention.models.vault import ContextItem, Conversation, Diagnostic, Message, Vault

__all__ = [
    "AggregateArchive",
    "ArchiveAuthorization",
    "Certificate",
    "CertificateAddendum",
    "ContextItem",
    "Conversation",
    "DataKey",
    "DeletionRequest",
    "Diagnostic",
    "ErasureEntry",
    "ErasureRun",
    "ErasureStep",
    "Export",
    "ExternalStore",
    "KeyEncryptionKey",
    "KeyRotation",
    "KeyRotationStep",
    "LedgerHead",
    "LedgerPulse",
    "LegalHold",
    "ManualErasure",
    "MentionScan",
    "Message",
    "NightBeyond",
    "RequestSubject",
    "Restore",
    "RetentionNight",
    "RetentionRule",
    "SubjectDoubt",
    "SubjectLink",
    "SubjectRequest",
    "Vault",
    "Verification",
]
