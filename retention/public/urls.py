"""The addresses of the pages without sign-in."""

from django.urls import path

from retention.public import client, person

urlpatterns = [
    path("", person.ask, name="privacy"),
    path("again", person.link_again, name="privacy_again"),
    path("link/<str:token>", person.link, name="privacy_link"),
    path("own", person.own, name="privacy_own"),
    path("own/letters/<slug:name>.pdf", person.letter, name="privacy_letter"),
    path("decide/<str:token>", client.decide, name="privacy_decide"),
]
