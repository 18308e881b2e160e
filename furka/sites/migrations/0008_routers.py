from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sites", "0007_keys_on_trial"),
    ]

    operations = [
        migrations.AddField(
            model_name="gateway",
            name="system",
            field=models.CharField(default="", max_length=20),
        ),
        migrations.AddField(
            model_name="gateway",
            name="told",
            field=models.CharField(default="", max_length=24),
        ),
    ]
