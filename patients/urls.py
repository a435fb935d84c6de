"""Addresses of people and of the keys that programs hold."""

from django.urls import path

from patients import views

urlpatterns = [
    path("patients/new/", views.register_patient, name="register_patient"),
    path(
        "patients/<int:patient_id>/measurements/new/",
        views.add_measurement,
        name="add_measurement",
    ),
    path(
        "patients/<int:patient_id>/correct/",
        views.correct_patient,
        name="correct_patient",
    ),
    path("patients/<int:patient_id>/lesions/new/", views.add_lesion, name="add_lesion"),
    path(
        "lesions/<int:lesion_id>/correct/", views.correct_lesion, name="correct_lesion"
    ),
    path(
        "lesions/<int:lesion_id>/treatments/new/",
        views.add_treatment,
        name="add_treatment",
    ),
    path(
        "treatments/<int:treatment_id>/correct/",
        views.correct_treatment,
        name="correct_treatment",
    ),
    path(
        "treatments/<int:treatment_id>/withdraw/",
        views.withdraw_treatment,
        name="withdraw_treatment",
    ),
    path("lesions/<int:lesion_id>/imaging/new/", views.add_imaging, name="add_imaging"),
    path(
        "imaging/<int:study_id>/lesions/<int:lesion_id>/correct/",
        views.correct_imaging,
        name="correct_imaging",
    ),
    path(
        "imaging/<int:study_id>/withdraw/",
        views.withdraw_imaging,
        name="withdraw_imaging",
    ),
    path(
        "imaging/<int:study_id>/images/new/",
        views.attach_key_image,
        name="attach_key_image",
    ),
    path("key-images/<int:image_id>/", views.key_image, name="key_image"),
    path(
        "visits/<int:visit_id>/withdraw/", views.withdraw_visit, name="withdraw_visit"
    ),
    path(
        "patients/<int:patient_id>/landmarks/new/",
        views.add_landmark,
        name="add_landmark",
    ),
    path(
        "landmarks/<int:landmark_id>/correct/",
        views.correct_landmark,
        name="correct_landmark",
    ),
    path(
        "measurements/<int:measurement_id>/correct/",
        views.correct_measurement,
        name="correct_measurement",
    ),
    path(
        "patients/<int:patient_id>/diary/photo/",
        views.attach_photo,
        name="attach_photo",
    ),
    path("photos/<int:photo_id>/", views.photo, name="photo"),
    path("patients/<int:patient_id>/effects/new/", views.add_effect, name="add_effect"),
    path(
        "effects/<int:effect_id>/correct/", views.correct_effect, name="correct_effect"
    ),
    path(
        "effects/<int:effect_id>/resolve/", views.resolve_effect, name="resolve_effect"
    ),
    path(
        "effects/<int:effect_id>/withdraw/",
        views.withdraw_effect,
        name="withdraw_effect",
    ),
    path("patients/<int:patient_id>/schedule/", views.schedule, name="schedule"),
    path("week/", views.week, name="week"),
    path("schedule/<int:item_id>/book/", views.book_item, name="book_item"),
    path("schedule/<int:item_id>/move/", views.move_item, name="move_item"),
    path("schedule/<int:item_id>/skip/", views.skip_item, name="skip_item"),
    path("schedule/<int:item_id>/reopen/", views.reopen_item, name="reopen_item"),
    path("patients/<int:patient_id>/reminders/", views.reminders, name="reminders"),
    path(
        "patients/<int:patient_id>/contacts/new/",
        views.add_contact,
        name="add_contact",
    ),
    path(
        "contacts/<int:contact_id>/correct/",
        views.correct_contact,
        name="correct_contact",
    ),
    path("contacts/<int:contact_id>/off/", views.opt_out, name="opt_out"),
    path("contacts/<int:contact_id>/on/", views.opt_in, name="opt_in"),
    path("inbox/", views.inbox, name="inbox"),
    path("notifications/", views.notifications, name="notifications"),
    path("notifications/calendar/new/", views.make_feed, name="make_feed"),
    path("notifications/calendar/<int:feed_id>/end/", views.end_feed, name="end_feed"),
    path("tasks/<int:task_id>/done/", views.close_task, name="close_task"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<slug:key>/revoke/", views.revoke_token, name="revoke_token"),
]
