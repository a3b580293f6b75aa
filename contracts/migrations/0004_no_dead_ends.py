"""No state without a way out; what reminders delivered; the early-exit fee of a termination, fixed as it was declared."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

# What the terminations that stand here were priced at, as their statement lines say. Their owner is held to row
# security like everybody, so it is lifted for the one statement.
_PRICED = [
    "ALTER TABLE contracts_termination NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE contracts_statementline NO FORCE ROW LEVEL SECURITY",
    """
    UPDATE contracts_termination t SET penalty = coalesce((
        SELECT l.amount FROM contracts_statementline l
        WHERE l.organization_id = t.organization_id AND l.contract_id = t.contract_id AND l.kind = 'penalty'
            AND l.source = coalesce(t.source, t.public_id)
        ORDER BY l.id DESC LIMIT 1
    ), 0) WHERE t.ground <> 'switching'
    """,
    "ALTER TABLE contracts_statementline FORCE ROW LEVEL SECURITY",
    "ALTER TABLE contracts_termination FORCE ROW LEVEL SECURITY",
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_vendors_own_events"),
        ("contracts", "0003_contract_engine"),
    ]

    operations = [
        migrations.AddField(
            "termination",
            "penalty",
            models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="early-exit fee"),
        ),
        migrations.RunSQL(_PRICED, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "termination",
            models.CheckConstraint(
                condition=models.Q(("ground", "switching"), ("penalty__isnull", True))
                | (~models.Q(("ground", "switching")) & models.Q(("penalty__gte", 0), ("penalty__isnull", False))),
                name="termination_priced_unless_it_is_a_switch",
            ),
        ),
        migrations.RemoveConstraint(
            model_name="calendarevent",
            name="calendar_event_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="deadline",
            name="deadline_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="outgoingnotice",
            name="outgoing_sent_with_proof",
        ),
        migrations.RemoveConstraint(
            model_name="renewaloffer",
            name="offer_state_known",
        ),
        migrations.RemoveConstraint(
            model_name="renewaloffer",
            name="offer_accepted_only_if_sent",
        ),
        migrations.RemoveConstraint(
            model_name="renewaloffer",
            name="offer_proof_of_acceptance_iff_accepted",
        ),
        migrations.RemoveConstraint(
            model_name="statementline",
            name="statement_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="uplift",
            name="uplift_once_per_term",
        ),
        migrations.RemoveConstraint(
            model_name="uplift",
            name="uplift_state_known",
        ),
        migrations.RemoveConstraint(
            model_name="uplift",
            name="uplift_never_guessed",
        ),
        migrations.RemoveConstraint(
            model_name="uplift",
            name="uplift_decided_at_iff_decided",
        ),
        migrations.RemoveConstraint(
            model_name="termination",
            name="termination_proved_where_it_must_be",
        ),
        migrations.RemoveIndex(
            model_name="intake",
            name="intake_to_decide",
        ),
        migrations.AlterField(
            model_name="calendarevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("last_notice", "Last day for notice"),
                    ("renewal_certain", "Renewal becomes certain"),
                    ("renewal", "New term starts"),
                    ("contract_end", "Last day of the contract"),
                    ("retrieval_end", "Last day of the retrieval period"),
                    ("chatel_reminder", "Reminder of the Loi Chatel"),
                    ("send_by", "Last day to send our notice"),
                    ("offer_expiry", "Last day of an offer"),
                    ("quote_expiry", "Last day of a quote"),
                    ("uplift_proposal", "Proposal of an uplift"),
                    ("switching_unfeasible_limit", "Switching: last day to declare it unfeasible"),
                    ("switching_notice_end", "Switching: end of the notice period"),
                    ("switching_transition_end", "Switching: end of the transition"),
                    ("switching_retrieval_end", "Switching: last day of the retrieval period"),
                    ("switching_choice", "Switching: the client's choice about its data"),
                    ("term_end", "Last day of the term"),
                ],
                max_length=32,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="deadline",
            name="kind",
            field=models.CharField(
                choices=[
                    ("last_notice", "Last day for notice"),
                    ("renewal_certain", "Renewal becomes certain"),
                    ("renewal", "New term starts"),
                    ("contract_end", "Last day of the contract"),
                    ("retrieval_end", "Last day of the retrieval period"),
                    ("chatel_reminder", "Reminder of the Loi Chatel"),
                    ("send_by", "Last day to send our notice"),
                    ("offer_expiry", "Last day of an offer"),
                    ("quote_expiry", "Last day of a quote"),
                    ("uplift_proposal", "Proposal of an uplift"),
                    ("switching_unfeasible_limit", "Switching: last day to declare it unfeasible"),
                    ("switching_notice_end", "Switching: end of the notice period"),
                    ("switching_transition_end", "Switching: end of the transition"),
                    ("switching_retrieval_end", "Switching: last day of the retrieval period"),
                    ("switching_choice", "Switching: the client's choice about its data"),
                ],
                max_length=32,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="renewaloffer",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("sent", "Sent"),
                    ("accepted", "Accepted"),
                    ("expired", "Expired"),
                    ("withdrawn", "Withdrawn"),
                    ("voided", "Voided"),
                ],
                default="draft",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="statementline",
            name="kind",
            field=models.CharField(
                choices=[
                    ("fee", "Fee"),
                    ("uplift", "Uplift"),
                    ("credit", "Credit"),
                    ("penalty", "Early-exit fee"),
                    ("refund", "Refund"),
                    ("switch", "Switching charge"),
                ],
                max_length=8,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="uplift",
            name="state",
            field=models.CharField(
                choices=[
                    ("proposed", "Proposed"),
                    ("flagged", "No index value"),
                    ("applied", "Applied"),
                    ("rejected", "Rejected"),
                    ("lapsed", "Lapsed"),
                    ("voided", "Voided"),
                ],
                max_length=8,
                verbose_name="state",
            ),
        ),
        migrations.AddField(
            model_name="reminder",
            name="outcome_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="outcome noted at"),
        ),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(
                condition=models.Q(
                    ("kind", "chatel"),
                    ("outcome_at__isnull", True),
                    ("proof__isnull", True),
                    ("sent_at__isnull", False),
                ),
                fields=["organization", "contract"],
                name="reminder_on_its_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("outcome_at__isnull", True),
                    models.Q(("message__isnull", False), ("proof__isnull", True)),
                    _connector="OR",
                ),
                name="reminder_outcome_of_an_announcement",
            ),
        ),
        migrations.AddIndex(
            model_name="intake",
            index=models.Index(
                condition=models.Q(("state__in", ["new", "asked_back"])),
                fields=["received_at", "id"],
                name="intake_to_decide",
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "last_notice",
                            "renewal_certain",
                            "renewal",
                            "contract_end",
                            "retrieval_end",
                            "chatel_reminder",
                            "send_by",
                            "offer_expiry",
                            "quote_expiry",
                            "uplift_proposal",
                            "switching_unfeasible_limit",
                            "switching_notice_end",
                            "switching_transition_end",
                            "switching_retrieval_end",
                            "switching_choice",
                            "term_end",
                        ],
                    )
                ),
                name="calendar_event_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="deadline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "last_notice",
                            "renewal_certain",
                            "renewal",
                            "contract_end",
                            "retrieval_end",
                            "chatel_reminder",
                            "send_by",
                            "offer_expiry",
                            "quote_expiry",
                            "uplift_proposal",
                            "switching_unfeasible_limit",
                            "switching_notice_end",
                            "switching_transition_end",
                            "switching_retrieval_end",
                            "switching_choice",
                        ],
                    )
                ),
                name="deadline_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="outgoingnotice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("proof__isnull", False),
                        ("sent_on__isnull", False),
                        ("status__in", ["sent", "given", "cancelled"]),
                    ),
                    models.Q(
                        models.Q(("status__in", ["sent", "given"]), _negated=True),
                        ("proof__isnull", True),
                        ("sent_on__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="outgoing_sent_with_proof",
            ),
        ),
        migrations.AddConstraint(
            model_name="renewaloffer",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "sent", "accepted", "expired", "withdrawn", "voided"])),
                name="offer_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="renewaloffer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sent_at__isnull", True), ("state", "draft")),
                    models.Q(("sent_at__isnull", False), ("state__in", ["sent", "accepted", "voided"])),
                    models.Q(("state__in", ["draft", "sent", "accepted", "voided"]), _negated=True),
                    _connector="OR",
                ),
                name="offer_accepted_only_if_sent",
            ),
        ),
        migrations.AddConstraint(
            model_name="renewaloffer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("accepted_proof__isnull", True), ("state__in", ["accepted", "voided"]), _connector="OR"
                ),
                name="offer_proof_of_acceptance_iff_accepted",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["fee", "uplift", "credit", "penalty", "refund", "switch"])),
                name="statement_kind_known",
            ),
        ),
        # Not validated: a termination for convenience, a breach or a grave cause was recorded without proof before.
        AddConstraintNotValid(
            model_name="termination",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        (
                            "ground__in",
                            ["convenience", "vendor_breach", "client_breach", "agreement", "immediate"],
                        ),
                        _negated=True,
                    ),
                    ("proof__isnull", False),
                    ("withdrawn_at__isnull", False),
                    _connector="OR",
                ),
                name="termination_proved_where_it_must_be",
            ),
        ),
        migrations.AddConstraint(
            model_name="uplift",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "voided"), _negated=True),
                fields=("organization", "contract", "starts_on"),
                name="uplift_once_per_term",
            ),
        ),
        migrations.AddConstraint(
            model_name="uplift",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["proposed", "flagged", "applied", "rejected", "lapsed", "voided"])),
                name="uplift_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="uplift",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["proposed", "applied", "voided"]), _negated=True),
                    ("s1__isnull", False),
                    _connector="OR",
                ),
                name="uplift_never_guessed",
            ),
        ),
        migrations.AddConstraint(
            model_name="uplift",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", False), ("state__in", ["applied", "rejected", "voided"])),
                    models.Q(
                        models.Q(("state__in", ["applied", "rejected", "voided"]), _negated=True),
                        ("decided_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="uplift_decided_at_iff_decided",
            ),
        ),
    ]
